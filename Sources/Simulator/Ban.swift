import Wire

/// An address that a venue shuts out for a while, whatever it asks. Times are microseconds of the world's clock.
struct Ban {
    let venue: String
    let peer: String
    let until: Int64
    let status: Int
    /// Whether `Retry-After` tells.
    let saysWhen: Bool

    /// Products of one exchange stand behind one edge.
    func holds(for peer: String, at venue: String, _ now: Int64) -> Bool {
        until > now && self.peer == peer && Self.family(venue) == Self.family(self.venue)
    }

    static func family(_ venue: String) -> Substring { venue.prefix { $0 != "-" } }

    func answer(at now: Int64) -> HTTPResponse {
        let seconds = (until - now + 999_999) / 1_000_000
        let headers = [HTTPHeader("Content-Type", "text/html")] + (saysWhen ? [HTTPHeader("Retry-After", String(seconds))] : [])
        return HTTPResponse(status: status, headers: headers, body: Array("<html><h1>\(status) simulated: go away</h1></html>\n".utf8))
    }
}
