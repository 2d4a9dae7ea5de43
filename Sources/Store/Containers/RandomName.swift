/// Names for containers that were given none: an adjective and a bird.
enum RandomName {
    /// A random name; from the third attempt on with a digit, as Docker does it, then with more of them.
    static func make(_ attempt: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        let name = pick(adjectives, &generator) + "_" + pick(birds, &generator)
        guard attempt > 2 else { return name }
        return name + String(Int.random(in: 0..<(attempt < 10 ? 10 : 1_000_000), using: &generator))
    }

    private static let adjectives: StaticString =
        """
        able airy amber ample apt ardent azure balmy bold brave breezy bright brisk calm candid careful cheerful
        clear clever cosy crisp curious daring dapper deft dewy eager early easy elegant fair fearless festive fleet
        fond frank free fresh gentle gifted glad gleaming golden graceful grand hale handy happy hardy hearty honest
        humble jolly jovial keen kind lively lofty loyal lucid lucky mellow merry mild mighty modest neat nimble noble
        patient placid playful plucky polite prompt proud quaint quick quiet radiant rapid ready robust rosy serene
        sharp shiny silent silver sincere sleek smart snappy snowy soaring sober spry steady stout sturdy subtle sunny
        swift tender tidy tranquil trusty upbeat valiant velvet vivid warm wary watchful whimsical wise witty zesty
        """

    private static let birds: StaticString =
        """
        albatross auk avocet bittern blackbird bluebird bulbul bullfinch bunting bustard buzzard canary chaffinch
        chickadee chough cockatoo condor coot cormorant corncrake crane crossbill cuckoo curlew dipper dove dunlin
        dunnock eagle egret eider falcon fieldfare finch flamingo fulmar gannet godwit goldcrest goldfinch goose
        grebe greenfinch grouse gull harrier hawk heron hobby hoopoe hornbill hummingbird ibis jackdaw jay kestrel
        kingfisher kinglet kite kittiwake kiwi knot lapwing lark linnet loon lorikeet magpie mallard martin merlin
        moorhen nightingale nightjar nuthatch oriole osprey ouzel owl parakeet partridge pelican penguin petrel
        pheasant phoebe pigeon pintail pipit plover ptarmigan puffin quail rail raven redpoll redshank redstart robin
        roller rook ruff sanderling sandpiper shearwater shoveler shrike siskin skua skylark snipe sparrow spoonbill
        starling stilt stint stonechat stork swallow swan swift tanager teal tern thrush tit toucan turnstone twite
        vireo vulture wagtail warbler waxwing wheatear whimbrel whinchat wigeon woodcock woodpecker wren wryneck
        """

    // The word that a random byte of `text` is in or behind. So no other is looked at, as a start can do without; long ones come somewhat
    // more often.
    private static func pick(_ text: StaticString, _ generator: inout SystemRandomNumberGenerator) -> String {
        let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        var (start, end) = (place, place)
        while start > 0, !isSeparator(bytes[start - 1]) { start -= 1 }
        while end < bytes.count, !isSeparator(bytes[end]) { end += 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == 10 }
}
