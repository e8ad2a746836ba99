import OMSCore
import Store
import Wire

/// The figures for programs: the same that the page shows. Times are microseconds since 1970 UTC, durations microseconds, quantities decimals as text.
extension Report {
    var json: String {
        var out = JSONWriter(reserving: 65_536)
        out.beginObject()
        out.member("journal", path)
        out.member("made_at", madeAt)
        out.member("omsctl", omsdVersion)
        out.member("from", figures.period.lowerBound)
        out.member("to", figures.period.upperBound)
        out.member("account", scope.account?.text)
        out.member("seq", figures.seq)
        out.member("orders", figures.total)
        writeOrders(to: &out)
        writeRecord(to: &out)
        writeRehearsals(to: &out)
        writeVerdict(to: &out)
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self) + "\n"
    }

    private func writeOrders(to out: inout JSONWriter) {
        out.list("accounts", figures.accounts) { out, account in
            out.member("account", account.name)
            out.member("venue", account.venue)
            out.member("product", account.product)
            out.member("trading", account.trading)
            out.member("intents", account.intents)
            out.member("orders", account.tally)
            out.member("executions", account.executions)
            out.list("commands", account.commands) { out, command in
                out.member("kind", command.kind)
                out.member("state", command.state)
                out.member("count", command.count)
            }
            out.key("latency")
            out.beginObject()
            for measure in ReportMeasure.allCases { out.member(measure.rawValue, measure.of(account.latency)) }
            out.endObject()
        }
        out.list("days", figures.days) { out, day in
            out.member("day", ReportTime.day(day.start))
            out.member("account", day.account)
            out.member("orders", day.tally)
        }
        out.list("markets", figures.markets) { out, market in
            out.member("account", market.account)
            out.member("symbol", market.symbol)
            out.member("orders", market.tally)
            out.member("executions", market.executions)
            out.member("bought", market.bought?.description)
            out.member("sold", market.sold?.description)
        }
        out.list("fees", figures.fees) { out, fee in
            out.member("account", fee.account)
            out.member("asset", fee.asset)
            out.member("sum", fee.sum?.description)
        }
        out.list("callers", figures.callers) { out, caller in
            out.member("actor", caller.actor)
            out.member("account", caller.account)
            out.member("intents", caller.intents)
            out.member("orders", caller.orders)
        }
        out.list("refusals", figures.refusals) { out, refusal in
            out.member("account", refusal.account)
            out.member("by", refusal.isLocal ? "omsd" : "venue")
            out.member("what", refusal.what)
            out.member("code", refusal.code)
            out.member("count", refusal.count)
            out.member("text", refusal.text)
            out.member("last_at", refusal.lastAt)
        }
        out.list("requests", figures.requests) { out, requests in
            out.member("account", requests.account)
            out.member("kind", requests.kind)
            out.member("outcome", requests.outcome.isEmpty ? nil : requests.outcome)
            out.member("count", requests.count)
            out.member("items", requests.items)
        }
        out.member("step_us", figures.step)
        out.list("steps", figures.steps) { out, step in
            out.member("orders", step.tally)
            out.member("acknowledge", step.acknowledge)
        }
    }

    private func writeRecord(to out: inout JSONWriter) {
        out.list("doubt_ends", figures.endings) { out, ending in
            out.member("account", ending.account)
            out.member("how", ending.how.rawValue)
            out.member("lasted", ending.lasted)
        }
        out.list("doubts", figures.doubts) { out, doubt in
            out.member("account", doubt.account)
            out.member("client_order_id", doubt.clientOrderID)
            out.member("since", doubt.since)
            out.member("until", doubt.until)
            out.member("how", doubt.how.rawValue)
            out.member("why", doubt.why)
        }
        out.list("limits", figures.limits) { out, limit in
            out.member("venue", limit.venue)
            out.member("product", limit.product)
            out.member("owner", limit.owner)
            out.member("budget", limit.budget)
            out.member("scope", limit.scope)
            out.member("permits", limit.permits)
            out.member("window_ms", limit.windowMs)
            out.member("requests", limit.requests)
            out.member("busiest_window", limit.busiest)
        }
        out.list("break_kinds", figures.breakKinds) { out, kind in
            out.member("account", kind.account)
            out.member("kind", kind.kind)
            out.member("found", kind.found)
            out.member("ended", kind.ended)
            out.member("acknowledged", kind.acknowledged)
            out.member("open", kind.open)
        }
        out.list("breaks", figures.breaks) { out, one in
            out.member("break_id", one.id)
            out.member("account", one.account)
            out.member("kind", one.kind)
            out.member("client_order_id", one.clientOrderID)
            out.member("venue_order_id", one.venueOrderID)
            out.member("detail", one.detail)
            out.member("at", one.at)
            out.member("resolved_at", one.endedAt)
            out.member("acknowledged_at", one.acknowledgedAt)
            out.member("acknowledged_by", one.acknowledgedBy)
            out.member("reason", one.reason)
        }
        out.list("decisions", figures.words) { out, words in
            out.member("at", words.at)
            out.member("actor", words.actor)
            out.member("account", words.account)
            out.member("client_order_id", words.clientOrderID)
            out.member("kind", words.kind)
            out.member("state", words.state)
            out.member("text", words.text)
        }
        out.list("kills", figures.kills) { out, kill in
            out.member("at", kill.at)
            out.member("actor", kill.actor)
            out.member("account", kill.account)
            out.member("closed", kill.closed)
            out.member("taken_back_at", kill.until)
            out.member("left", kill.left)
        }
        out.list("starts", figures.starts) { out, start in
            out.member("at", start.at)
            out.member("kind", start.kind)
            out.member("text", start.text)
        }
    }

    private func writeVerdict(to out: inout JSONWriter) {
        out.key("verify")
        guard let verdict else {
            out.null()
            return
        }
        out.beginObject()
        out.member("sound", verdict.isSound)
        out.member("problem_count", verdict.problemCount)
        out.member("problems", verdict.problems)
        out.endObject()
    }
}

/// What is measured of each order.
enum ReportMeasure: String, CaseIterable {
    case accept
    case firstByte = "first_byte"
    case answer, acknowledge

    func of(_ latency: JournalFigures.Latency) -> Quantiles {
        switch self {
        case .accept: latency.accept
        case .firstByte: latency.firstByte
        case .answer: latency.answer
        case .acknowledge: latency.acknowledge
        }
    }

    var name: String {
        switch self {
        case .accept: "accept"
        case .firstByte: "first byte"
        case .answer: "answer"
        case .acknowledge: "venue's word"
        }
    }

    var means: String {
        switch self {
        case .accept: "intent accepted → order durable; 0 unless the intent was written in slices"
        case .firstByte:
            "order durable → first byte of the last request that carried it: queue, permits and, for what was sent again, the doubt before"
        case .answer: "first byte of that request → last byte of its answer"
        case .acknowledge: "order durable → the venue's word on it, with everything between"
        }
    }
}

extension JSONWriter {
    mutating func list<Row>(_ name: String, _ rows: [Row], _ write: (inout JSONWriter, Row) -> Void) {
        key(name)
        beginArray()
        for row in rows {
            beginObject()
            write(&self, row)
            endObject()
        }
        endArray()
    }

    /// A list that may be cut, and how many rows of it are not there.
    fileprivate mutating func list<Row>(_ name: String, _ shown: JournalFigures.Shown<Row>, _ write: (inout JSONWriter, Row) -> Void) {
        list(name, shown.rows, write)
        member("\(name)_left_out", shown.left)
    }

    /// Counts by state, all states that there are.
    fileprivate mutating func member(_ name: String, _ tally: JournalFigures.Tally) {
        key(name)
        beginObject()
        member("all", tally.all)
        for state in OrderState.allCases where tally[state] > 0 { member(state.rawValue, tally[state]) }
        endObject()
    }

    fileprivate mutating func member(_ name: String, _ quantiles: Quantiles) {
        key(name)
        beginObject()
        member("count", quantiles.count)
        for (name, share) in [("p50", 500), ("p90", 900), ("p99", 990)] { member(name, quantiles.quantile(perMille: share)) }
        member("max", quantiles.count > 0 ? quantiles.longest : nil)
        endObject()
    }
}
