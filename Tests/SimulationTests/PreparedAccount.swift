import OMSCore

extension VenueAnswer {
    /// What an account must know before anything may be asked of it; nil: the question is none of these.
    static func preparing(_ query: Query, at now: Moment) -> VenueAnswer? {
        var answer = VenueAnswer(httpStatus: 200, disposition: .answered)
        switch query {
        case .serverTime: answer.query = .time(now.wall / 1_000)
        case .account: answer.query = .account(AccountFacts())
        case .instruments: answer.query = .instruments([Instrument(symbol: "btc_usdt", tradable: true)])
        case .find, .openOrders, .history, .fills, .cancelAll, .countdown: return nil
        }
        return answer
    }
}
