import OMSCore

/// What comes from callers and owners without being a call.
extension VirtualDaemon {
    /// The configuration is read again, and is as it was.
    package func reload() { if isUp { inputs.append(.reload(setups, changes: [], by: .daemon)) } }
    /// Roles are read again: what the caller on a connection may do from now on.
    package func grant(_ rights: Rights, on connection: UInt64) { if isUp { inputs.append(.rights(rights, connection: connection)) } }

    /// A caller's connection ends, or sends a line that is no command. What ends with the daemon itself ends without a word.
    package func disconnect(_ connection: UInt64) {
        guard isUp else { return }
        tell("connection \(connection) ends")
        auditor.guards.ended(connection, at: clock.time)
        // Nobody is left to be answered there.
        owed = owed.filter { $0.connection != connection }
        if options.mutant != .guardNeverTrips { inputs.append(.disconnected(connection: connection)) }
    }
    package func speak(on connection: UInt64) {
        guard isUp else { return }
        auditor.guards.heard(connection, at: clock.time)
        inputs.append(.spoke(connection: connection))
    }
}
