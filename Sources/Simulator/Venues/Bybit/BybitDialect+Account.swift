import OMSCore
import Wire

/// What the venue says of the account itself: its mode and settings, its key, coins, limits and positions.
///
/// Source: docs/venues/bybit.md, 1 and 3; key, coins and balances as client libraries read them before they trade.
extension BybitDialect {
    func accountInfo(_ call: Call) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            writer.member("unifiedMarginStatus", settings.marginStatus)
            writer.members([("marginMode", "REGULAR_MARGIN"), ("dcpStatus", "OFF"), ("spotHedgingStatus", "OFF")])
            writer.member("isMasterTrader", false)
            writer.member("updatedTime", "1697078946000")
            writer.endObject()
        }
    }

    func userSettings(_ call: Call) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            writer.member("lpaSpot", settings.refusesBeyondBand)
            writer.member("lpaPerp", settings.refusesBeyondBand)
            writer.endObject()
        }
    }

    /// No positions are kept: rows tell of the mode alone.
    func positions(_ call: Call, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let asked = try BybitQuestion(call, known: ["category", "symbol", "baseCoin", "settleCoin", "limit", "cursor"])
        guard asked.category != Self.spot, !asked.scope.isEmpty else { throw .parameter("category") }
        guard let symbol = asked.scope.symbol else { return list(call, asked.category, "", [String]()) { _, _ in } }
        let instrument = try instrument(symbol, asked.category, exchange)
        let isHedged = settings.isHedged && asked.category == "linear" && instrument.quote == "USDT"
        return list(call, asked.category, "", isHedged ? [1, 2] : [0]) { index, writer in
            writer.member("positionIdx", index)
            writer.members([("symbol", symbol), ("side", ""), ("size", "0"), ("avgPrice", "0"), ("positionStatus", "Normal")])
        }
    }

    /// The limits of one's own account; nobody else's are told.
    func ownLimits(_ call: Call, _ account: SimAccount) throws(BybitProblem) -> HTTPResponse {
        if let stranger = call.query.first(where: { $0.name != "uids" }) { throw .parameter(stranger.name.escapedForLog) }
        guard call.parameter("uids") == account.uid else { throw BybitProblem(10_005, "Permission denied.") }
        return edge.success(call) { writer in
            writer.beginObject()
            writer.key("list")
            writer.beginArray()
            for (line, rate) in [("SPOT", 20), ("DERIVATIVES", 10), ("OPTIONS", 10)] {
                writer.beginObject()
                writer.members([("uids", account.uid), ("bizType", line)])
                writer.member("rate", rate)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    // MARK: Key, coins and balances

    /// What the key may do, and whose it is. `uta` tells a unified account.
    func keyInformation(_ call: Call, _ account: SimAccount) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            writer.members([("id", "1"), ("note", "omsim"), ("apiKey", account.key), ("secret", "")])
            writer.member("readOnly", 0)
            writer.key("permissions")
            writer.beginObject()
            let granted: [(String, [String])] = [("ContractTrade", ["Order", "Position"]), ("Spot", ["SpotTrade"]), ("Wallet", []), ("Options", [])]
            for (line, rights) in granted { writer.member(line, rights) }
            writer.endObject()
            writer.member("ips", ["*"])
            writer.member("type", 1)
            writer.member("unified", 0)
            writer.member("uta", settings.marginStatus >= 3 ? 1 : 0)
            // A number at the venue; a uid of letters is told as it is.
            if let uid = Int64(account.uid) { writer.member("userID", uid) } else { writer.member("userID", account.uid) }
            writer.member("isMaster", true)
            writer.endObject()
        }
    }

    private var coins: [String] { Set(instruments.flatMap { [$0.base, $0.quote] }).subtracting(["USD"]).sorted() }

    /// Coins that can be held; none is deposited or withdrawn here.
    func coinInformation(_ call: Call) throws(BybitProblem) -> HTTPResponse {
        if let stranger = call.query.first(where: { $0.name != "coin" }) { throw .parameter(stranger.name.escapedForLog) }
        let asked = call.parameter("coin")
        return edge.success(call) { writer in
            writer.beginObject()
            writer.key("rows")
            writer.beginArray()
            for coin in coins where asked == nil || asked == coin {
                writer.beginObject()
                writer.members([("name", coin), ("coin", coin), ("remainAmount", "0")])
                writer.key("chains")
                writer.beginArray()
                writer.beginObject()
                writer.members([
                    ("chainType", coin), ("confirmation", "10"), ("withdrawFee", "0.0005"), ("depositMin", "0"), ("withdrawMin", "0.001"),
                    ("chain", coin), ("chainDeposit", "0"), ("chainWithdraw", "0"), ("minAccuracy", "8"),
                ])
                writer.endObject()
                writer.endArray()
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    /// A million of each coin, of which orders take nothing.
    func balances(_ call: Call) throws(BybitProblem) -> HTTPResponse {
        if let stranger = call.query.first(where: { !["accountType", "coin"].contains($0.name) }) { throw .parameter(stranger.name.escapedForLog) }
        guard call.parameter("accountType") == "UNIFIED" else { throw BybitProblem(10_001, "accountType only support UNIFIED.") }
        let asked = call.parameter("coin").map { Set($0.split(separator: ",").map(String.init)) }
        return edge.success(call) { writer in
            writer.beginObject()
            writer.key("list")
            writer.beginArray()
            writer.beginObject()
            writer.member("accountType", "UNIFIED")
            for name in ["totalEquity", "totalWalletBalance", "totalMarginBalance", "totalAvailableBalance"] { writer.member(name, "1000000") }
            for name in ["accountIMRate", "accountMMRate", "totalInitialMargin", "totalMaintenanceMargin"] { writer.member(name, "0") }
            writer.key("coin")
            writer.beginArray()
            for coin in coins where asked?.contains(coin) ?? true {
                writer.beginObject()
                writer.member("coin", coin)
                for name in ["equity", "usdValue", "walletBalance"] { writer.member(name, "1000000") }
                for name in ["locked", "borrowAmount", "accruedInterest", "totalOrderIM", "totalPositionIM"] { writer.member(name, "0") }
                // Spoken no more for unified accounts: always empty.
                writer.member("availableToWithdraw", "")
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
            writer.endArray()
            writer.endObject()
        }
    }
}
