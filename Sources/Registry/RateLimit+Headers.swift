import NIOHTTP1

extension RateLimit {
    /// What `headers` say, received at `now` seconds since 1970; nil where they say nothing of it.
    init?(_ headers: HTTPHeaders, now: Int) { self.init(now: now) { headers.first(name: $0) } }
}
