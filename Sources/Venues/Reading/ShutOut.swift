import OMSCore
import Wire

extension VenueAdapter {
    /// ``answer(to:from:)``, and what stands in no venue's table because it is said in HTTP: that it serves this client no more for a while, or is busy.
    ///
    /// What became of the items is left to the venue's table: where that does not know the answer, they are in doubt.
    package func reading(_ response: HTTPResponse, of plan: RequestPlan) -> VenueAnswer {
        var answer = answer(to: plan, from: response)
        // A key that is refused in the venue's own words is refused for good, whatever else the answer says.
        if answer.disposition != .halted, let forMs = response.shutOutMs ?? profile.shutOuts.first(where: { response.shutsOut(by: $0) })?.forMs {
            answer.disposition = .shutOut(forMs: forMs)
        }
        if case .rateLimited(let retryAfterMs) = answer.disposition, response.status == 429, response.saysBusy, !answer.refusesForRate {
            answer.disposition = .busy(retryAfterMs: retryAfterMs)
        }
        return answer
    }
}

extension VenueAnswer {
    /// An item was surely not executed, for the rate.
    fileprivate var refusesForRate: Bool { (places + cancels + modifies).contains { $0.isNotExecuted(.rateLimited) } }
}

extension HTTPResponse {
    /// How long this client is shut out: HTTP 418 (which trading venues answer to clients that went on after 429), or 403 that names a time.
    ///
    /// 403 alone says nothing of time; the venue's table reads it.
    var shutOutMs: Int64? {
        switch status {
        case 418: retryAfterMs ?? Self.shutOutMsUnsaid
        case 403: retryAfterMs
        default: nil
        }
    }

    /// Whether its words are of a system that cannot cope, and none of them of a rate.
    fileprivate var saysBusy: Bool {
        let text = String(decoding: body.prefix(4_096), as: UTF8.self)
        return RefusalWords(text) == .doubt && !RefusalWords.tellRate(text)
    }

    /// Whether it is what a venue of this rule says then.
    func shutsOut(by rule: ShutOutRule) -> Bool {
        guard status == rule.status else { return false }
        guard let words = rule.words else { return (try? JSONParser.parse(body)) == nil }
        return String(decoding: body, as: UTF8.self).lowercased().contains(words.lowercased())
    }

    /// Where a 418 names no time: two minutes, the shortest that is known of any venue.
    private static let shutOutMsUnsaid: Int64 = 120_000

    /// `Retry-After` in milliseconds, as seconds or as a date (RFC 9110, 10.2.3), at most a day; nil for nonsense.
    ///
    /// A date counts from the answer's own `Date`: both are the venue's clock.
    var retryAfterMs: Int64? {
        guard let text = header("Retry-After") else { return nil }
        let dayS: Int64 = 86_400
        if let seconds = Int64(text) { return seconds >= 0 ? min(seconds, dayS) * 1_000 : nil }
        guard let until = secondsSince1970(httpDate: text), let now = header("Date").flatMap({ secondsSince1970(httpDate: $0) }) else { return nil }
        return min(max(0, until - now), dayS) * 1_000
    }
}
