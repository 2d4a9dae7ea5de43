import Linux

extension ContainerStore {
    /// A container as a list of all finds it.
    package struct Listed: Sendable {
        package let id: String
        package let record: ContainerRecord
        /// Whether it goes with its supervisor (`--rm`).
        package let isEphemeral: Bool
    }

    /// The records of all containers whose id is `wanted`, in no order, each read with as few system calls as that takes.
    /// `problem` gets what is wrong with those that cannot be read.
    package func listRecords(
        wanted: (String) -> Bool = { _ in true }, problem: (StoreError) -> Void
    ) throws(StoreError) -> [Listed] {
        let names = try doing("list the containers") { () throws(SystemError) in try Files.list(paths.containers) }
        var listed: [Listed] = []
        listed.reserveCapacity(names.count)
        for id in names where Self.isID(id) && wanted(id) {
            do throws(StoreError) {
                if let record = try record(at: recordPath(id)) {
                    listed.append(Listed(id: id, record: record, isEphemeral: false))
                } else if try isHeld(id), let record = try record(at: ephemeralRecordPath(id)) {
                    listed.append(Listed(id: id, record: record, isEphemeral: true))
                }
            } catch { problem(error) }
        }
        return listed
    }

    private func record(at path: String) throws(StoreError) -> ContainerRecord? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try Files.read(path, limit: 64 << 20)
        } catch {
            if error.errno == .noEntry || error.errno == .notDirectory { return nil }
            throw .failed(action: "read the record \(path)", error)
        }
        var decoder = WireDecoder(bytes)
        do throws(WireError) {
            let record = try decoder.read(ContainerRecord.self)
            try decoder.finish()
            return record
        } catch { throw .corrupt(path: path, cause: error.description) }
    }
}
