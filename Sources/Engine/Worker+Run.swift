import Build
import Images
import Supervision
package import Workers

extension Worker {
    /// Runs the worker with what follows its verb on the command line; returns the exit code. Only for the
    /// dispatch of hidden verbs: it changes the process for good.
    package func run(_ arguments: [String]) -> CInt {
        switch self {
        case .unpackLayers: UnpackLayersWorker.run(arguments)
        case .settleLayer: SettleLayerWorker.run(arguments)
        case .removeTree: RemoveTreeWorker.run(arguments)
        case .supervise: SuperviseWorker.run()
        case .fillVolumes: SuperviseWorker.fillVolumes()
        case .inspectTree: InspectTreeWorker.run(arguments)
        case .copyTree: CopyTreeWorker.run(arguments)
        case .writeTree: WriteTreeWorker.run(arguments)
        case .extractTree: ExtractTreeWorker.run(arguments)
        case .probeDrivers: ProbeDriversWorker.run(arguments)
        case .buildCopy: BuildCopyWorker.run()
        }
    }
}
