/// A group's families; absent where the host is alone.
extension LeaseKeeper.Standing {
    func write(into out: inout MetricsText) {
        let labels: [MetricsText.Label] = [("group", group)]
        out.family("omsd_replica_role", .gauge, "1 for what this host is in its group.")
        for (role, holds) in [("owner", isOwner), ("standby", !isOwner)] {
            out.sample(labels + [("host", host), ("role", role)], holds ? 1 : 0)
        }
        out.family("omsd_replica_epoch", .gauge, "Goes up by one with each owner of the group.")
        out.sample(labels, lease?.epoch ?? 0)
        out.family("omsd_replica_turn", .gauge, "Last turn that is durable in the group's log.")
        out.sample(labels, turn)
        out.family("omsd_replica_append_seconds", .histogram, "From the first sending of a turn to the log until it was durable there.")
        out.histogram(labels, appends)
        out.family("omsd_replica_unknown_total", .counter, "Sendings of turns whose outcome was unknown, and which were made again.")
        out.sample(labels, unknown)
    }
}
