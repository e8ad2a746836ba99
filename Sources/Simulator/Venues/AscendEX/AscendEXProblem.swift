import Wire

/// Why AscendEX refuses: its number, and its words (section 6).
struct AscendEXProblem: Error {
    enum Kind: Int {
        case invalidInput = 100_001
        case dataNotAvailable = 100_002
        case invalidRequest = 100_004
        case symbolError = 100_008
        case authorizationNeeded = 100_009
        case invalidTimestamp = 100_011
        case invalidString = 100_012
        case methodNotAllowed = 100_102
        case invalidJSON = 150_001
        case authenticationFailed = 200_001
        case wrongAccount = 200_003
        case invalidPrice = 300_001
        case invalidQuantity = 300_002
        case invalidSide = 300_003
        case invalidNotional = 300_004
        case invalidType = 300_005
        case invalidOrderID = 300_006
        case invalidTimeInForce = 300_007
        case invalidParameter = 300_008
        case invalidBalance = 300_011
        case invalidProduct = 300_012
        case invalidBatch = 300_013
        case tickSize = 300_014
        case cancelNotOpen = 300_019
        case serverError = 510_001

        var reason: String {
            switch self {
            case .invalidInput: "INVALID_HTTP_INPUT"
            case .dataNotAvailable: "DATA_NOT_AVAILABLE"
            case .invalidRequest: "INVALID_REQUEST_DATA"
            case .symbolError: "SYMBOL_ERROR"
            case .authorizationNeeded: "AUTHORIZATION_NEEDED"
            case .invalidTimestamp: "INVALID_TIMESTAMP"
            case .invalidString: "INVALID_STR_FIELD"
            case .methodNotAllowed: "METHOD_NOT_ALLOWED"
            case .invalidJSON: "INVALID_JSON_FORMAT"
            case .authenticationFailed: "AUTHENTICATION_FAILED"
            case .wrongAccount: "INVALID_ACCOUNT"
            case .invalidPrice: "INVALID_PRICE"
            case .invalidQuantity: "INVALID_QTY"
            case .invalidSide: "INVALID_SIDE"
            case .invalidNotional: "INVALID_NOTIONAL"
            case .invalidType: "INVALID_TYPE"
            case .invalidOrderID: "INVALID_ORDER_ID"
            case .invalidTimeInForce: "INVALID_TIME_IN_FORCE"
            case .invalidParameter: "INVALID_ORDER_PARAMETER"
            case .invalidBalance: "INVALID_BALANCE"
            case .invalidProduct: "INVALID_PRODUCT"
            case .invalidBatch: "INVALID_BATCH_ORDER"
            case .tickSize: "TICK_SIZE_VIOLATION"
            case .cancelNotOpen: "CANCEL_NOT_OPEN"
            case .serverError: "SERVER_ERROR"
            }
        }
    }

    /// nil: a number that is in no document.
    let kind: Kind?
    let code: String
    let message: String
    init(_ kind: Kind, _ message: String) { (self.kind, self.code, self.message) = (kind, String(kind.rawValue), message) }

    /// Refuses an item where a fault asks for it.
    static func heed(_ call: Call) throws(AscendEXProblem) {
        if let refusal = call.refusesItem?() { throw AscendEXProblem(code: refusal.code, refusal.message) }
    }

    private init(code: String, _ message: String) { (kind, self.code, self.message) = (Int(code).flatMap { Kind(rawValue: $0) }, code, message) }

    /// A number, where it is one.
    func write(to writer: inout JSONWriter) {
        if let number = Int(code) { writer.member("code", number) } else { writer.member("code", code) }
    }
    var reason: String { kind?.reason ?? "UNKNOWN_ERROR" }
}
