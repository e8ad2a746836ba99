import OMSCore

/// All that `/metrics` tells of one moment, taken by the core and written out by whoever serves it.
package struct MetricsPage: Sendable {
    package let accounts: [AccountSnapshot]
    let readings: Readings
    let figures: [AccountFigures]
    let budgets: [BudgetSnapshot]
    let journalSeq: Int64
    package let isJournalFull: Bool
    let walBytes: Int
    let now: Moment

    /// For the core, once a second: looks through accounts, budgets and breaks, never through orders.
    package init(_ engine: Engine, _ readings: Readings, wal: WALWatch, at now: Moment) {
        (accounts, figures, budgets) = (engine.snapshot(), engine.figures(), engine.budgetSnapshots())
        (self.readings, self.now) = (readings, now)
        (journalSeq, isJournalFull, walBytes) = (engine.journalSeq, engine.isJournalFull, wal.bytes)
    }

    /// The page's families, in the order in which docs/MONITORING.md tells of them.
    package func write(
        _ facts: BuildFacts, journal: JournalSpace?, archive: ArchiveFigures? = nil, group: LeaseKeeper.Standing? = nil, process: ProcessFigures?,
        into out: inout MetricsText
    ) {
        out.family("omsd_build_info", .gauge, "What this daemon was built of and runs with; always 1.")
        out.sample([("version", facts.version), ("sqlite", facts.sqlite), ("openssl", facts.openssl)], 1)
        writeStanding(into: &out)
        writeOrders(into: &out)
        writeRequests(into: &out)
        writeBudgets(into: &out)
        writeTimes(into: &out)
        out.family("omsd_journal_seq", .gauge, "Last sequence number of the record.")
        out.sample(journalSeq)
        out.family("omsd_journal_full", .gauge, "1 while the journal's disk is full.")
        out.sample(isJournalFull ? 1 : 0)
        out.family("omsd_journal_wal_bytes", .gauge, "Length of the journal's write-ahead log.")
        out.sample(walBytes)
        if let journal {
            out.family("omsd_journal_bytes", .gauge, "Length of the journal's file.")
            out.sample(journal.bytes)
            out.family("omsd_journal_free_bytes", .gauge, "Space on the journal's disk that the daemon may use.")
            out.sample(journal.freeBytes)
        }
        if let archive {
            out.family("omsd_archive_files", .gauge, "Files of the journal's archive.")
            out.sample(archive.files)
            out.family("omsd_archive_orders", .gauge, "Orders in files of the archive.")
            out.sample(archive.orders)
            out.family("omsd_archive_stopped", .gauge, "1 while nothing can be moved to the archive; the log says why.")
            out.sample(archive.problem == nil ? 0 : 1)
        }
        group?.write(into: &out)
        process?.write(into: &out)
    }

    private func writeStanding(into out: inout MetricsText) {
        func each(_ name: String, _ help: String, _ value: (AccountSnapshot) -> Int) {
            out.family(name, .gauge, help)
            for account in accounts { out.sample([("account", account.account.text)], value(account)) }
        }
        out.family("omsd_account_ready", .gauge, "1 when the account is ready.")
        for account in accounts { out.sample([("account", account.account.text), ("venue", account.venue)], account.isReady ? 1 : 0) }
        out.family("omsd_account_state", .gauge, "1 for the trading state that the account is in, 0 for the others.")
        for account in accounts {
            for state in TradingState.allCases {
                out.sample(
                    [("account", account.account.text), ("venue", account.venue), ("state", state.rawValue)], account.state == state ? 1 : 0)
            }
        }
        out.family("omsd_oldest_doubt_seconds", .gauge, "How long ago the oldest order in doubt was accepted; 0 without one.")
        for account in accounts {
            out.seconds([("account", account.account.text)], us: account.oldestDoubtAt.map { max(0, now.wall - $0) } ?? 0)
        }
        each("omsd_parked_orders", "Orders in doubt that wait for a person.", \.parked)
        out.family("omsd_open_breaks", .gauge, "Breaks that neither ended nor were acknowledged.")
        for account in figures {
            for kind in BreakKind.allCases {
                out.sample([("account", account.account.text), ("kind", kind.rawValue)], account.openBreaks[kind] ?? 0)
            }
        }
        let streaming = accounts.filter { $0.stream.state != .off }
        out.family("omsd_stream_up", .gauge, "1 while the account's private stream is live; absent where it is off.")
        for account in streaming { out.sample([("account", account.account.text)], account.stream.state == .live ? 1 : 0) }
        out.family("omsd_stream_gaps_total", .counter, "How often the private stream was lost.")
        for account in streaming { out.sample([("account", account.account.text)], account.stream.gaps) }
        out.family("omsd_stream_late_total", .counter, "Fills and ends that a poll learned of and no push told of in time.")
        for account in streaming { out.sample([("account", account.account.text)], account.stream.late) }
        out.family("omsd_stream_unknown_total", .counter, "Messages of the private stream, and rows of them, that were not understood.")
        for account in streaming { out.sample([("account", account.account.text)], account.stream.unknown) }
        each("omsd_queue_orders", "Orders that wait to be sent.", \.queuePlace)
        each("omsd_queue_commands", "Cancels and modifies that wait to be sent.") { $0.queueCancel + $0.queueModify }
        each("omsd_in_flight_requests", "Requests without an answer yet.", \.inFlight)
        out.family("omsd_clock_offset_seconds", .gauge, "How far the venue's clock is ahead of this machine's; absent while not measured.")
        for account in figures {
            if let offset = account.clockOffsetUs { out.seconds([("account", account.account.text)], us: offset) }
        }
    }

    /// What was counted of each configured account.
    private func each(_ body: (_ account: MetricsText.Label, AccountReadings) -> Void) {
        for account in accounts { body(("account", account.account.text), readings.accounts[account.account] ?? AccountReadings()) }
    }

    private func writeOrders(into out: inout MetricsText) {
        out.family("omsd_orders", .gauge, "Orders that are not closed, by state.")
        for account in accounts {
            for state in OrderCounts.states { out.sample([("account", account.account.text), ("state", state.rawValue)], account.counts[state]) }
        }
        out.family("omsd_orders_total", .counter, "How often an order came to be in a state, by what showed it.")
        each { account, readings in
            for state in OrderState.allCases {
                for evidence in Evidence.allCases {
                    let count = readings.entered[AccountReadings.place(of: state, evidence)]
                    if count > 0 { out.sample([account, ("state", state.rawValue), ("evidence", evidence.rawValue)], count) }
                }
            }
        }
        out.family("omsd_fills_total", .counter, "Executions recorded.")
        each { account, readings in out.sample([account], readings.fills) }
        out.family("omsd_commands_total", .counter, "Cancels and modifies that ended, by how.")
        each { account, readings in
            for kind in CommandKind.allCases {
                for outcome in CommandState.allCases where !outcome.isOpen {
                    out.sample(
                        [account, ("kind", kind.rawValue), ("outcome", outcome.rawValue)],
                        readings.commands[.init(kind: kind, outcome: outcome)] ?? 0)
                }
            }
        }
    }

    private func writeRequests(into out: inout MetricsText) {
        out.family("omsd_requests_total", .counter, "Requests that ended, by what became of them.")
        each { account, readings in
            for endpoint in Endpoint.allCases {
                for outcome in RequestOutcome.allCases {
                    guard let count = readings.requests[.init(endpoint: endpoint, outcome: outcome)] else { continue }
                    out.sample([account, ("endpoint", endpoint.rawValue), ("outcome", outcome.rawValue)], count)
                }
            }
        }
        out.family("omsd_request_seconds", .histogram, "First byte sent to last byte of the answer read, or to the end of waiting for it.")
        each { account, readings in
            for endpoint in Endpoint.allCases {
                if let times = readings.requestTimes[endpoint] { out.histogram([account, ("endpoint", endpoint.rawValue)], times) }
            }
        }
        out.family("omsd_rate_refusals_total", .counter, "Answers that refused for the rate, by the budget with the shortest window of those taken.")
        each { account, readings in
            let names = Set(budgets.filter { $0.account.text == account.value }.map(\.row.name)).union(readings.refusals.keys)
            for budget in names.sorted() { out.sample([account, ("budget", budget)], readings.refusals[budget] ?? 0) }
        }
    }

    private func writeBudgets(into out: inout MetricsText) {
        func labels(_ budget: BudgetSnapshot) -> [MetricsText.Label] {
            [("venue", budget.venue)] + (budget.product.map { [("product", $0)] } ?? [])
                + [("budget", budget.row.name), ("owner", budget.row.owner)]
        }
        // Accounts of one venue may share one: it is one series all the same. A limit by address is one of each venue behind it.
        var seen: Set<[String]> = []
        let budgets = budgets.filter { seen.insert(labels($0).map { "\($0.name)=\($0.value)" }).inserted }
        func each(_ name: String, _ help: String, _ value: (BudgetSnapshot) -> Int) {
            out.family(name, .gauge, help)
            for budget in budgets {
                out.sample(labels(budget), value(budget))
            }
        }
        each("omsd_permits", "Permits of a venue's limit, as it is configured.", \.row.permits)
        each("omsd_permits_share", "Permits of it that may be in use at once: the share, less while it is cut after a refusal.", \.share)
        each("omsd_permits_in_use", "Permits taken: out with a request, or held until no window can count it any more.", \.inUse)
        each("omsd_permits_busiest_window", "The most permits taken in any one window since the daemon started.", \.busiestWindow)
    }

    private func writeTimes(into out: inout MetricsText) {
        func one(_ name: String, _ help: String, _ times: Histogram) {
            out.family(name, .histogram, help)
            out.histogram([], times)
        }
        one("omsd_accept_seconds", "An intent's line read to the intent durable.", readings.accept)
        one("omsd_commit_seconds", "A commit of the journal, its sync included.", readings.commit)
        one("omsd_turn_seconds", "A turn of the core that did something.", readings.turn)
        one("omsd_permit_wait_seconds", "An order accepted to its first request signed.", readings.permitWait)
        one("omsd_acknowledge_seconds", "An order accepted to the venue's word on it.", readings.acknowledge)
        one("omsd_fill_seen_seconds", "The venue's time of an execution to its row in the journal, by the venue's clock.", readings.fillSeen)
    }
}

/// What does not change while the daemon runs.
package struct BuildFacts: Sendable {
    package let version: String
    package let sqlite: String
    package let openssl: String
    package init(version: String, sqlite: String, openssl: String) { (self.version, self.sqlite, self.openssl) = (version, sqlite, openssl) }
}

/// How much the journal takes, and how much it may still take, in bytes.
package struct JournalSpace: Sendable {
    package let bytes: Int64
    package let freeBytes: Int64
    package init(bytes: Int64, freeBytes: Int64) { (self.bytes, self.freeBytes) = (bytes, freeBytes) }
}

/// What the kernel tells of this process, under the names that every exporter uses.
package struct ProcessFigures: Sendable {
    package let cpuUs: Int64
    package let residentBytes: Int64
    package let virtualBytes: Int64
    package let openDescriptors: Int
    package let descriptorsMax: Int64
    /// Wall clock, microseconds.
    package let startedAt: Int64
    package init(cpuUs: Int64, residentBytes: Int64, virtualBytes: Int64, openDescriptors: Int, descriptorsMax: Int64, startedAt: Int64) {
        (self.cpuUs, self.residentBytes, self.virtualBytes) = (cpuUs, residentBytes, virtualBytes)
        (self.openDescriptors, self.descriptorsMax, self.startedAt) = (openDescriptors, descriptorsMax, startedAt)
    }

    func write(into out: inout MetricsText) {
        out.family("process_cpu_seconds_total", .counter, "User and system time used.")
        out.seconds(us: cpuUs)
        out.family("process_resident_memory_bytes", .gauge, "Resident memory.")
        out.sample(residentBytes)
        out.family("process_virtual_memory_bytes", .gauge, "Virtual memory.")
        out.sample(virtualBytes)
        out.family("process_open_fds", .gauge, "Open file descriptors.")
        out.sample(openDescriptors)
        out.family("process_max_fds", .gauge, "How many file descriptors may be open.")
        out.sample(descriptorsMax)
        out.family("process_start_time_seconds", .gauge, "When the process started, since 1970 UTC.")
        out.seconds(us: startedAt)
    }
}
