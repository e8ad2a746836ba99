import OMSCore
import Wire

/// The simulator's own pages under `/_sim/`: unsigned, uncounted, in no ledger.
extension VenueWorld {
    func control(_ request: HTTPRequest, path: Substring) -> HTTPResponse {
        do {
            switch (request.method, path) {
            case ("GET", "/_sim/health"): return answer(200, Array("{\"ok\":true}".utf8))
            case ("GET", "/_sim/ledger"): return answer(200, ledgerJSON())
            case ("GET", "/_sim/summary"): return answer(200, summaryJSON())
            case ("POST", "/_sim/faults"):
                let (rules, limits) = try FaultPlan.read(request.body)
                for limit in limits { try setLimit(limit.budget, permits: limit.permits) }
                setFaults(rules)
                return answer(200, Array("{\"rules\":\(rules.count)}".utf8))
            case ("POST", "/_sim/fill"): return answer(200, try fill(try body(request)))
            case ("POST", "/_sim/place"): return answer(200, try place(try body(request)))
            case ("POST", "/_sim/reference"): return answer(200, try setReference(try body(request)))
            case ("POST", "/_sim/instrument"): return answer(200, try changeInstrument(try body(request)))
            case ("POST", "/_sim/stream"):
                let count = try changeStreams(try body(request))
                return answer(200, Array("{\"streams\":\(count)}".utf8))
            default: return problem(404, "no such page: GET health, ledger, summary; POST faults, fill, place, reference, instrument, stream")
            }
        } catch {
            return problem(400, error.description)
        }
    }

    private func answer(_ status: Int, _ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", "application/json")], body: body)
    }

    private func problem(_ status: Int, _ text: String) -> HTTPResponse { answer(status, JSON.object([("error", .string(text))]).serialized()) }

    private func body(_ request: HTTPRequest) throws(SimulatorInputError) -> JSON {
        do { return try JSONParser.parse(request.body) } catch { throw SimulatorInputError("body: \(error)") }
    }

    private func named(_ json: JSON) throws(SimulatorInputError) -> Venue {
        guard let name = json["venue"]?.string, let venue = venue(named: name) else { throw SimulatorInputError("`venue` should name a venue") }
        return venue
    }

    private func decimal(_ json: JSON, _ name: String) throws(SimulatorInputError) -> Decimal? {
        guard let value = json[name], !value.isNull else { return nil }
        guard let text = value.text, let decimal = Decimal(text), decimal.isPositive else {
            throw SimulatorInputError("`\(name)` should be a decimal above 0")
        }
        return decimal
    }

    /// `{venue, order_id | client_order_id, quantity?, price?}`: without quantity all that is left, without price at the order's own.
    private func fill(_ json: JSON) throws(SimulatorInputError) -> [UInt8] {
        let exchange = try named(json).exchange
        let order: SimOrder?
        if let id = json["order_id"]?.string {
            order = exchange.orders.last { $0.id == id }
        } else if let id = json["client_order_id"]?.string {
            order = exchange.orders.last { $0.clientID == id && $0.state.isLive } ?? exchange.orders.last { $0.clientID == id }
        } else {
            throw SimulatorInputError("`order_id` or `client_order_id` should stand here")
        }
        guard let order else { throw SimulatorInputError("no such order") }
        guard let fill = exchange.fill(order, quantity: try decimal(json, "quantity"), price: try decimal(json, "price"), at: now) else {
            throw SimulatorInputError("the order is \(order.state.rawValue): nothing to fill")
        }
        return written { writer in
            writer.member("order_id", order.id)
            writer.member("trade_id", fill.id)
            writer.member("state", order.state.rawValue)
            writer.member("filled", String(describing: order.filled))
        }
    }

    /// `{venue, symbol, side, quantity, price?, account?, product?, client_order_id?, order_id?, count?}`: orders somebody else of the account placed.
    private func place(_ json: JSON) throws(SimulatorInputError) -> [UInt8] {
        let venue = try named(json)
        let accounts = accounts(of: venue.dialect.venue)
        guard let account = json["account"].map({ uid in accounts.first { $0.uid == uid.string } }) ?? accounts.first else {
            throw SimulatorInputError("`account` should be a uid of that venue")
        }
        guard let symbol = json["symbol"]?.string, venue.exchange.instruments[symbol] != nil else {
            throw SimulatorInputError("`symbol` is unknown there")
        }
        guard let side = json["side"]?.string.flatMap(SimSide.init(rawValue:)) else { throw SimulatorInputError("`side` should be buy or sell") }
        guard let quantity = try decimal(json, "quantity") else { throw SimulatorInputError("`quantity` is missing") }
        var ticket = Ticket(
            symbol: symbol, side: side, quantity: quantity, clientID: json["client_order_id"]?.string ?? "",
            product: json["product"]?.string ?? account.products.first ?? "")
        ticket.price = try decimal(json, "price")
        ticket.isMarket = ticket.price == nil
        if let id = json["order_id"], !id.isNull {
            guard let text = id.string, !text.isEmpty, venue.exchange.known(id: text) == nil else {
                throw SimulatorInputError("`order_id` should be a text that no order there has")
            }
            ticket.id = text
        }
        let count = json["count"].map { $0.integer } ?? 1
        guard let count, (1...1_000_000).contains(count), count == 1 || ticket.id == nil && ticket.clientID.isEmpty else {
            throw SimulatorInputError("`count` should be 1 to 1000000, and 1 where an id is given")
        }
        // The venue's own clock, as orders of requests bear it.
        let at = venueClock(venue.dialect.venue, at: now)
        for _ in 1..<count { _ = venue.exchange.placeExternally(ticket, uid: account.uid, at: at) }
        let order = venue.exchange.placeExternally(ticket, uid: account.uid, at: at)
        return written { writer in
            writer.member("order_id", order.id)
            writer.member("account", order.uid)
            writer.member("state", order.state.rawValue)
        }
    }

    /// `{venue, symbol, price}`.
    private func setReference(_ json: JSON) throws(SimulatorInputError) -> [UInt8] {
        let exchange = try named(json).exchange
        guard let symbol = json["symbol"]?.string, exchange.instruments[symbol] != nil else { throw SimulatorInputError("`symbol` is unknown there") }
        guard let price = try decimal(json, "price") else { throw SimulatorInputError("`price` is missing") }
        exchange.setReference(price, of: symbol)
        return written { $0.member("price", String(describing: price)) }
    }

    /// `{venue, symbol, price_places?, quantity_places?, delisted?}`.
    private func changeInstrument(_ json: JSON) throws(SimulatorInputError) -> [UInt8] {
        let exchange = try named(json).exchange
        guard let symbol = json["symbol"]?.string, exchange.instruments[symbol] != nil else { throw SimulatorInputError("`symbol` is unknown there") }
        let (price, quantity) = (try places(json, "price_places"), try places(json, "quantity_places"))
        guard exchange.revise(symbol, pricePlaces: price, quantityPlaces: quantity) else { throw SimulatorInputError("such places cannot be kept") }
        let isGone = json["delisted"]?.bool == true
        if isGone { exchange.delist(symbol, at: now) }
        return written { $0.member("listed", !isGone) }
    }

    private func places(_ json: JSON, _ name: String) throws(SimulatorInputError) -> Int? {
        guard let value = json[name], !value.isNull else { return nil }
        guard let places = value.integer, (0...18).contains(places) else { throw SimulatorInputError("`\(name)` should be 0 to 18") }
        return Int(places)
    }

    private func written(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        members(&writer)
        writer.endObject()
        return writer.bytes
    }
}
