/// What codes mean at XT's futures and not at AZ's, which share the rest of the table. docs/venues/xt-futures.md, "Codes".
enum XTFuturesCodes {
    /// nil: as elsewhere on the platform.
    static func own(_ code: String) -> XTCodeClass? { table[code] }

    /// What omsd takes a code for; nil: it is in no table.
    static func meaning(of code: String) -> CodeMeaning? { (own(code) ?? AZCodes.known(code, text: ""))?.meaning }

    /// Words for a parameter that is wrong, an order that is unknown, or nothing said.
    static let vague: Set<String> = ["invalid_params", "fail"]

    private static let table: [String: XTCodeClass] = [
        // The likeliest answers to a repeated client id, which no page has a code for.
        "invalid_params": .unspecific, "fail": .unspecific,
        // No order of the account's is taken: a person must look. Where only opening is barred, closing goes on.
        "account_error": .halted, "contract_not_open": .halted, "user_can_not_trade": .halted, "sub_account_not_trade": .halted,
        // Spelt so.
        "exist_bonus_positon_not_create_reverse_position": .final,
    ]
}
