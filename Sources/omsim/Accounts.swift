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
        try makeFolder(directory)
        // omsd wants its socket's whole path, and takes a relative journal from the configuration's folder on: not from where we stand.
        var configuration = command.configuration
        configuration.journal = try configuration.journal.map(absolute)
        configuration.socket = try configuration.socket.map(absolute)
        configuration.caFile = try configuration.caFile.map(absolute)
        for file in configuration.files(for: accounts, in: try absolute(directory)) {
            let path = directory + "/" + file.name
            try writePrivately(file.bytes, to: path)
            try StandardStream.output.write("wrote \(path)\n")
        }
    }
}
