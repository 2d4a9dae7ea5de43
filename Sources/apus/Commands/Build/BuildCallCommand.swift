import Build
import Bytes
import Dockerfile
import Engine
import Errors
import JSON
import Linux
import OCI

/// `apus build --call=check|outline|targets`: what is said of a Dockerfile without building it.
struct BuildCallCommand {
    let invocation: BuildInvocation
    let engine: Engine
    let signals: BuildSignals
    let context: Context

    func run() throws -> CInt {
        let checked: CheckedDockerfile
        do throws(BuildError) {
            checked = try engine.checkDockerfile(invocation.request, cancellation: signals.cancellation)
        } catch {
            return try failed(error)
        }
        switch invocation.call.method {
        case .build, .check: return try check(checked)
        case .targets:
            let targets = DockerfileTarget.all(of: checked.file)
            return try answer(BuildCallReport.targets(targets, checked), BuildCallText.targets(targets))
        case .outline:
            let outline: DockerfileOutline
            do throws(DockerfileError) {
                outline = try DockerfileOutline(checked.file, target: invocation.request.target, arguments)
            } catch {
                return try failed(BuildError(error.description, .invalid, excerpt: excerpt(error, checked)))
            }
            return try answer(BuildCallReport.outline(outline, checked), BuildCallText.outline(outline))
        }
    }

    private var arguments: BuildArguments {
        let request = invocation.request
        let target = request.platforms.first ?? .host
        return BuildArguments(
            given: request.arguments,
            predefined: BuildArguments.platforms(
                build: Platform.host.description, target: target.description, stage: request.target))
    }

    private func excerpt(_ error: DockerfileError, _ checked: CheckedDockerfile) -> SourceExcerpt? {
        error.lines.first.map { SourceExcerpt(source: checked.source, name: checked.name, lines: $0) }
    }

    // MARK: answers

    private func answer(_ document: JSONTree, _ text: String) throws -> CInt {
        if let path = invocation.metadataFile {
            do throws(SystemError) {
                try BuildMetadata.write(.record([("result.json", document)]), to: path)
            } catch { return try BuildCommand.complain(BuildMetadata.complaint(error, path), context) }
        }
        try context.output.write(
            invocation.call.isJSON ? document.text(indent: 2) + "\n" : VisibleText.escaped(text, keeping: "\t\n"))
        return 0
    }

    private func check(_ checked: CheckedDockerfile) throws -> CInt {
        let report = checked.report
        let failure = report.failure ?? missingTarget(checked) ?? report.violation
        let isOnlyFailure = failure != nil && report.warnings.isEmpty
        let status = try answer(
            BuildCallReport.check(checked, failure),
            isOnlyFailure ? "" : BuildCallText.check(checked) + (failure == nil ? "" : "\n"))
        guard status == 0 else { return status }
        if let failure {
            try context.output.flush()
            try say(failure.description, excerpt(failure, checked))
            return 1
        }
        return report.warnings.isEmpty || invocation.call.ignoresStatus ? 0 : 1
    }

    // The rules are for all stages, whatever is built.
    private func missingTarget(_ checked: CheckedDockerfile) -> DockerfileError? {
        do throws(DockerfileError) {
            let graph = try StageGraph(checked.file, try GlobalScope(checked.file, arguments))
            _ = try graph.target(invocation.request.target)
            return nil
        } catch { return error }
    }

    // MARK: failures

    private func failed(_ error: BuildError) throws -> CInt {
        if let status = signals.status {
            _ = try BuildCommand.complain("failed to build: failed to solve: Canceled: \(error.message)", context)
            return status
        }
        guard invocation.call.method == .check else {
            return try BuildCommand.complain("failed to build: failed to solve: \(error.message)", context)
        }
        if invocation.call.isJSON {
            try context.output.write(
                BuildCallReport.failure(error.message, error.excerpt?.lines).text(indent: 2) + "\n")
            try context.output.flush()
        }
        try say(error.message, error.excerpt)
        return 1
    }

    private func say(_ message: String, _ excerpt: SourceExcerpt?) throws {
        _ = try BuildCommand.complain(message, context)
        if let excerpt { try context.errors.write(excerpt.text) }
    }
}
