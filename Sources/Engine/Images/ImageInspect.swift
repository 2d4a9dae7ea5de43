package import DockerTypes
package import Errors
import OCI
import Store

extension Engine {
    /// `image inspect NAME`. Throws where there is no such image.
    package func inspectImage(_ name: String, platform: String? = nil) throws(EngineError) -> ImageInspection {
        let image = try image(name, platform: platform)
        return ImageInspection(image, size: size(of: image), layers: LayerStore(paths, .full))
    }
}
