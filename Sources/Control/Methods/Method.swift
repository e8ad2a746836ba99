import OMSCore

/// One method of the control protocol: who may call it, what it takes, what it answers.
package struct Method: Sendable {
    package let name: String
    package let role: Role
    package let summary: String
    package let fields: [Field]
    /// The result, in the notation of docs/CONTROL_API.md.
    package let result: String
    /// Changes something: such a notification is logged when it is ignored.
    package let isMutating: Bool
    /// nil: the server answers it by itself.
    let command: (@Sendable (Parameters) throws(ControlError) -> ControlCommand)?

    init(
        _ name: String, _ role: Role, _ summary: String, fields: [Field] = [], result: String, isMutating: Bool = false,
        command: (@Sendable (Parameters) throws(ControlError) -> ControlCommand)?
    ) {
        (self.name, self.role, self.summary, self.fields) = (name, role, summary, fields)
        (self.result, self.isMutating, self.command) = (result, isMutating, command)
    }
}
