import Testing
import Wire

@testable import Simulator

@Suite struct `Bitget margin at the simulator` {
    private static let batch = "/api/v2/margin/isolated/batch-place-order"

    private func item(_ id: String, size: String = "0.001", price: String = "60000.01", force: String = "gtc") -> String {
        """
        {"side":"buy","orderType":"limit","force":"\(force)","price":"\(price)","baseSize":"\(size)","loanType":"normal","clientOid":"\(id)"}
        """
    }
    private func body(_ items: [String]) -> String { "{\"symbol\":\"BTCUSDT\",\"orderList\":[" + items.joined(separator: ",") + "]}" }
    private func openOrders(_ more: String = "") -> String {
        "/api/v2/margin/isolated/open-orders?\(more.isEmpty ? "" : more + "&")startTime=\(BitgetClient.start / 1000 - 86_400_000)&symbol=BTCUSDT"
    }
    private func history(_ more: String = "") -> String { openOrders(more).replacing("open-orders", with: "history-orders") }

    @Test func `a batch splits into successes and failures under one success code`() throws {
        let client = try BitgetClient("bitget-margin", "isolated")

        let (status, json) = try client.post(Self.batch, body([item("oms-1-a"), item("oms-1-b", size: "0.00001")]))

        #expect(status == 200 && json.code == "00000")
        #expect(json.at("data", "successList", "0", "clientOid")?.string == "oms-1-a")
        #expect(json.at("data", "successList")?.array?.count == 1)
        #expect(json.at("data", "failureList", "0", "clientOid")?.string == "oms-1-b")
        #expect(json.at("data", "failureList", "0", "errorMsg")?.string == "less than the minimum amount 1 USDT")
        #expect(json.at("data", "failureList", "0", "errorCode") == nil)
        let request = try #require(client.world.ledger.requests.first)
        #expect(request.outcome == .partial && request.items == 2 && request.clientIDs == ["oms-1-a", "oms-1-b"])
    }

    @Test func `a resting order is listed as live, and in history only once it is closed`() throws {
        let client = try BitgetClient("bitget-margin", "isolated")
        let id = try #require(try client.post(Self.batch, body([item("oms-2")])).json.at("data", "successList", "0", "orderId")?.string)

        let open = try client.get(openOrders("clientOid=oms-2")).json
        #expect(open.at("data", "orderList", "0", "orderId")?.string == id)
        #expect(open.at("data", "orderList", "0", "status")?.string == "live")
        #expect(open.at("data", "minId")?.string == id)
        #expect(try client.get(history()).json.at("data", "orderList")?.array?.isEmpty == true)

        let canceled = try client.post(
            "/api/v2/margin/isolated/batch-cancel-order", "{\"symbol\":\"BTCUSDT\",\"orderIdList\":[{\"orderId\":\"\(id)\"}]}"
        ).json
        #expect(canceled.at("data", "successList", "0", "clientOid")?.string == "oms-2")
        #expect(try client.get(openOrders()).json.at("data", "orderList")?.array?.isEmpty == true)
        #expect(try client.get(history("orderId=\(id)")).json.at("data", "orderList", "0", "status")?.string == "cancelled")
    }

    @Test func `a client id is refused while its order is pending and free again afterwards`() throws {
        let client = try BitgetClient("bitget-margin", "isolated")
        _ = try client.post(Self.batch, body([item("oms-3")]))

        let repeated = try client.post(Self.batch, body([item("oms-3")])).json
        #expect(repeated.at("data", "failureList", "0", "errorMsg")?.string == "Duplicated clientOid")
        #expect(client.world.duplicates.isEmpty)

        let order = try #require(client.world.venue(named: "bitget-margin")?.exchange.orders.first)
        client.world.venue(named: "bitget-margin")?.exchange.fill(order, at: client.now)
        _ = try client.post(Self.batch, body([item("oms-3")]))
        #expect(client.world.duplicates.map(\.clientID) == ["oms-3"])
    }

    @Test func `two equal client ids in one batch make one order`() throws {
        let client = try BitgetClient("bitget-margin", "isolated")
        let json = try client.post(Self.batch, body([item("same"), item("same")])).json
        #expect(json.at("data", "successList")?.array?.count == 1)
        #expect(json.at("data", "failureList")?.array?.count == 1)
    }

    @Test(arguments: [
        (21, "0.001", "gtc", "40306"), (1, "0.0000001", "gtc", nil), (1, "0.001", "gtd", nil), (0, "0.001", "gtc", "40017"),
    ])
    func `a batch that breaks a rule is refused whole or by item, as the page says`(_ count: Int, _ size: String, _ force: String, _ code: String?)
        throws
    {
        let client = try BitgetClient("bitget-margin", "isolated")
        let (status, json) = try client.post(Self.batch, body((0..<count).map { item("oms-\($0)", size: size, force: force) }))
        if let code {
            #expect(status == 400 && json.code == code && json["data"]?.isNull == true)
        } else {
            #expect(status == 200 && json.at("data", "failureList")?.array?.count == 1)
        }
        #expect(client.world.venue(named: "bitget-margin")?.exchange.orders.isEmpty == true)
    }

    @Test func `isolated and crossed are counted apart and do not see each other's orders`() throws {
        let client = try BitgetClient("bitget-margin", "isolated")
        for index in 0..<10 { #expect(try client.post(Self.batch, body([item("i\(index)")])).status == 200) }
        #expect(try client.post(Self.batch, body([item("i10")])).status == 429)
        #expect(try client.post(Self.batch.replacing("isolated", with: "crossed"), body([item("c0")])).status == 200)
        let crossed = try client.get(openOrders().replacing("isolated", with: "crossed")).json
        #expect(crossed.at("data", "orderList")?.array?.compactMap { $0["clientOid"]?.string } == ["c0"])
    }

    @Test func `pages go backwards by id until nothing is left`() throws {
        let client = try BitgetClient("bitget-margin", "isolated")
        for batch in 0..<3 { _ = try client.post(Self.batch, body((0..<10).map { item("p\(batch)\($0)") })) }
        var seen: [String] = []
        var cursor = ""
        while true {
            let page = try client.get(openOrders("idLessThan=\(cursor.isEmpty ? "9" : cursor)&limit=7").replacing("idLessThan=9&", with: "")).json
            let rows = page.at("data", "orderList")?.array ?? []
            seen += rows.compactMap { $0["clientOid"]?.string }
            guard rows.count == 7, let next = page.at("data", "minId")?.string else { break }
            cursor = next
        }
        #expect(seen.count == 30 && Set(seen).count == 30 && seen.first == "p29")
    }

    @Test func `a market buy spends quote coins and shows in fills with a negative fee`() throws {
        let client = try BitgetClient("bitget-margin", "isolated")
        let placed = try client.post(
            "/api/v2/margin/isolated/place-order",
            "{\"symbol\":\"BTCUSDT\",\"side\":\"buy\",\"orderType\":\"market\",\"loanType\":\"normal\",\"quoteSize\":\"122\",\"clientOid\":\"mkt\"}")
        #expect(placed.status == 200)
        let fills = try client.get("/api/v2/margin/isolated/fills?startTime=\(BitgetClient.start / 1000 - 1000)&symbol=BTCUSDT").json
        #expect(fills.at("data", "fills", "0", "size")?.string == "0.002")
        #expect(fills.at("data", "fills", "0", "feeDetail", "totalFee")?.string == "-0.122")
    }

    @Test func `an order canceled twice within a second is refused as too frequent, later as finished`() throws {
        var client = try BitgetClient("bitget-margin", "isolated")
        _ = try client.post(Self.batch, body([item("c")]))
        func cancel() throws -> JSON { try client.post("/api/v2/margin/isolated/cancel-order", "{\"symbol\":\"BTCUSDT\",\"clientOid\":\"c\"}").json }
        #expect(try cancel().code == "00000")
        #expect(try cancel().code == "45129")
        client.now += 1_000_000
        #expect(try cancel().code == "50062")
    }
}
