import Simulator

extension Main {
    static func accounts(from file: String?) throws -> [SimAccount] {
        guard let file else { return .standard }
        return try [SimAccount](reading: contents(of: file))
    }

    /// `omsim accounts`.
    static func printOrWrite(_ command: AccountsCommand) throws {
        let accounts = try accounts(from: command.accountsFile)
        guard let directory = command.directory else {
            return try StandardStream.output.write(accounts.json)
        }
        for file in command.configuration.files(for: accounts, in: directory) {
            let path = directory + "/" + file.name
            try writePrivately(file.bytes, to: path)
            try StandardStream.output.write("wrote \(path)\n")
        }
    }
}
