import Bytes
import Errors
import Testing

@testable import ContainerSpec

@Suite struct MountOptionTests {
    private func bind(_ option: MountOption) -> MountOption.Bind? {
        if case .bind(let bind) = option.kind { bind } else { nil }
    }

    private func volume(_ text: String) throws -> MountOption { try MountOption(volume: text, relativeTo: "/work/dir") }
    private func mount(_ text: String) throws -> MountOption { try MountOption(mount: text, relativeTo: "/work/dir") }

    @Test(arguments: [
        ("/src:/dst", "/src", "/dst", false), ("/src:/dst:ro", "/src", "/dst", true),
        ("/src:/dst:rw", "/src", "/dst", false),
        ("./x:/dst", "/work/dir/x", "/dst", false), (".:/dst", "/work/dir", "/dst", false),
        ("../x:/dst", "/work/x", "/dst", false), ("/src/:/dst//a/../b/", "/src", "/dst/b", false),
        ("/src:/dst:ro,z", "/src", "/dst", true), ("/src:/dst:cached", "/src", "/dst", false),
    ])
    func volumesBindDirectories(_ text: String, _ source: String, _ destination: String, _ readOnly: Bool) throws {
        let option = try volume(text)
        #expect(bind(option)?.source == source && option.destination == destination && option.readOnly == readOnly)
        #expect(bind(option)?.createSource == true)
    }

    @Test func volumeOptionsAreRead() throws {
        #expect(bind(try volume("/a:/b:rslave"))?.propagation == .rslave)
        #expect(bind(try volume("/a:/b"))?.propagation == .rprivate)
        #expect(bind(try volume("/a:/b:Z"))?.relabel == .private)
        #expect(bind(try volume("/a:/b:bind"))?.recursion == .disabled)
        #expect(bind(try volume("/a:/b:rro"))?.recursion == .readonly)
        #expect(bind(try volume("/a:/b:ro,U"))?.changesOwner == true)
        #expect(bind(try volume("/a:/b"))?.changesOwner == nil)
        #expect(bind(try mount("type=bind,src=/a,dst=/b,U"))?.changesOwner == true)
        #expect(bind(try mount("type=bind,src=/a,dst=/b,chown=false"))?.changesOwner == nil)
    }

    @Test func mapsOfMountsAreRead() throws {
        let plain = try #require(bind(try volume("/a:/b:idmap,ro"))?.mappedIDs)
        #expect(plain.users == nil && plain.groups == nil)
        let long = try #require(
            bind(try mount("type=bind,src=/a,dst=/b,idmap=uids=0-1-10#@10-11-12;gids=1-2-3"))?.mappedIDs)
        #expect(
            long.users == [
                .init(stored: 0, shown: 1, count: 10), .init(stored: 10, shown: 11, count: 12, isOfContainer: true),
            ] && long.groups == [.init(stored: 1, shown: 2, count: 3)])
        #expect(bind(try mount("type=bind,src=/a,dst=/b,idmap=0"))?.mappedIDs == nil)
        for text in [
            "uids=", "uids=0-0-0", "uids=1-2-3;uids=1-2-3", "uids=1-2-4294967295", "gids=-1-2-3", "x=1-2-3", ";",
        ] {
            #expect(throws: OptionError.self) { try mount("type=bind,src=/a,dst=/b,idmap=\(text)") }
        }
    }

    @Test(arguments: [
        "", ":/x", "/a:/b:ro:x", "/a:b", "/a:/", "/a:/b/..", "/a:/b:bogus", "/a:/b:ro,rw", "/a:/b:z,Z",
        "/a:/b:shared,slave", "/a:/b:nocopy", "/a:/b:U,U", "/a:/b:U,idmap", "/a:/b:O", "/a:/b:idmap=x",
        "/a:/b:idmap=uids=0-1", "/a:/b:idmap,idmap", "/a:", "/a:/b:", "~/x:/b", "a/b:/c", "x:/c",
    ])
    func wrongVolumesAreRefused(_ text: String) { #expect(throws: OptionError.self) { try volume(text) } }

    @Test func whatNoVolumeCanHaveIsRefusedWithTheReason() {
        func sentence(_ text: String) -> String {
            do {
                _ = try volume(text)
                return ""
            } catch { return "\(error)" }
        }
        #expect(sentence("/data:ro").contains("mount path must be absolute"))
        #expect(sentence("data:/c:rshared").contains("field BindOptions must not be specified"))
        #expect(sentence("a/b:/c").contains("absolute path"))
    }

    @Test func volumesAreNamedOrNot() throws {
        func read(_ option: MountOption) -> MountOption.Volume? {
            if case .volume(let volume) = option.kind { volume } else { nil }
        }
        let named = try volume("data:/c:ro,nocopy,z")
        #expect(named.destination == "/c" && named.readOnly && named.shortForm == "ro,nocopy,z")
        #expect(read(named)?.name == "data" && read(named)?.copiesContent == false && read(named)?.relabel == .shared)
        let unnamed = try volume("/data/")
        #expect(unnamed.destination == "/data" && unnamed.shortForm == "" && read(unnamed)?.name == .some(nil))
        let long = try mount(
            "src=data,dst=/c,volume-nocopy=false,volume-label=a=b=c,volume-opt=o=x,volume-subpath=in/it")
        #expect(read(long)?.copiesContent == true && read(long)?.labels == ["a": "b=c"])
        #expect(read(long)?.driverOptions == ["o": "x"] && read(long)?.subpath == "in/it" && long.shortForm == nil)
        #expect(read(try mount("type=volume,dst=/c"))?.name == .some(nil))
    }

    @Test func mountsBindWithAllKeys() throws {
        let plain = try mount("type=bind,source=/a,target=/b")
        #expect(bind(plain)?.source == "/a" && plain.destination == "/b" && !plain.readOnly)
        #expect(bind(plain)?.createSource == false)
        let all = try mount("TYPE=bind,src=./x,dst=/b,readonly,bind-propagation=rprivate,bind-recursive=readonly")
        #expect(bind(all)?.source == "/work/dir/x" && all.readOnly && bind(all)?.recursion == .readonly)
        #expect(try mount("type=bind,source=/a,destination=/b,ro=true").readOnly)
        #expect(try !mount("type=bind,source=/a,destination=/b,readonly=false").readOnly)
        #expect(bind(try mount("type=bind,source=/a,target=/b,bind-nonrecursive"))?.recursion == .disabled)
        #expect(bind(try mount("type=bind,source=/a,target=/b,bind-propagation=rslave"))?.propagation == .rslave)
        #expect(bind(try mount("\"type=bind\",\"source=/a,b\",target=/c"))?.source == "/a,b")
    }

    @Test func imagesAreReadOnlyUnlessSaidOtherwise() throws {
        let plain = try mount("type=image,source=other:1,destination=/o")
        guard case .image(let image) = plain.kind else { return #expect(Bool(false), "no image") }
        #expect(image.source == "other:1" && image.subpath == nil && plain.readOnly && plain.destination == "/o")
        #expect(try !mount("type=image,source=a,target=/o,rw=true").readOnly)
        #expect(try mount("type=image,source=a,target=/o,rw=false").readOnly)
        for key in ["subpath", "image-subpath"] {
            guard case .image(let part) = try mount("type=image,source=a,target=/o,\(key)=in/it").kind else {
                return #expect(Bool(false), "no image")
            }
            #expect(part.subpath == "in/it")
        }
    }

    @Test func mountsInMemoryHaveSizeAndMode() throws {
        let option = try mount("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=0700,readonly")
        guard case .tmpfs(let tmpfs) = option.kind else { return #expect(Bool(false), "no tmpfs") }
        #expect(tmpfs.options == ["size=1048576", "mode=700"] && option.readOnly)
        #expect(
            tmpfs.merged(readOnly: true)
                == ["noexec", "nosuid", "nodev", "rprivate", "size=1048576", "mode=700", "ro"])
    }

    @Test(arguments: [
        "type=bind,source=/a", "type=bind,target=/b", "type=bind,source=a,target=/b", "type=bind,source=/a,target=b",
        "type=bind,source=/a,target=/b,bogus=1", "type=bind,source=/a,target=/b,bogus", "type=bogus,target=/b",
        "type=volume,source=v", "source=v,target=/b,volume-subpath=../x", "type=volume,target=/b,volume-subpath=x",
        "type=volume,source=v,target=/b,bind-propagation=rslave", "type=bind,source=/a,target=/b,readonly=maybe",
        "type=bind,source=/a,target=/b,tmpfs-size=1m", "type=tmpfs,source=/a,target=/b",
        "type=tmpfs,target=/b,bind-propagation=rslave", "type=tmpfs,target=/b,tmpfs-mode=9",
        "type=tmpfs,target=/b,tmpfs-size=x", "type=bind,source=/a,target=/b,bind-propagation=bogus",
        "type=bind,source=/a,target=/b,bind-recursive=bogus", "type=bind,source=/a,target=/b,bind-recursive=writable",
        "type=bind,source=/a,target=/b,readonly,bind-recursive=readonly", "type=tmpfs,target=/b,volume-nocopy",
        "\"type=bind", "", "type=image,target=/b", "type=image,source=a",
        "type=image,source=a,target=/b,image-subpath=../x",
        "type=image,source=a,target=/b,readonly,rw=true", "type=image,source=a,target=/b,volume-nocopy",
        "type=bind,source=/a,target=/b,image-subpath=x", "type=bind,source=/a,target=/b,rw=true",
        "type=volume,source=v,target=/b,subpath=x",
    ])
    func wrongMountsAreRefused(_ text: String) { #expect(throws: OptionError.self) { try mount(text) } }

    @Test func tmpfsOptionsOverrideDockersDefaults() throws {
        func merged(_ text: String) throws -> [String] {
            let option = try MountOption(tmpfs: text)
            guard case .tmpfs(let tmpfs) = option.kind else { return [] }
            return tmpfs.merged(readOnly: false)
        }
        #expect(try merged("/run") == ["noexec", "nosuid", "nodev", "rprivate"])
        #expect(
            try merged("/run:rw,exec,size=64k,size=65536k")
                == ["nosuid", "nodev", "rprivate", "rw", "exec", "size=65536k"])
        #expect(try MountOption(tmpfs: "/run:ro").readOnly)
        for text in ["run", "/", "/run:bogus", "/run:size=", "/run:mode=9", "/run:bogus=1", "/run:uid=x", "/run:bind"] {
            #expect(throws: OptionError.self) { try MountOption(tmpfs: text) }
        }
    }
}
