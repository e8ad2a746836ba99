/* Who owns a group: Sources/OMSCore/Succession over PostgreSQL, for spin. How to run it: docs/models/README.md.
 *
 * Time is a count of ticks that every clock sees; a lease is LEASE ticks, a standby waits PATIENCE > LEASE. Between any two steps of a host time may go on
 * for as long as it likes: that is a pause, a slow network, a slow engine. What is one step here is one step in the code as well: looking at the lease and
 * the clock and sending (assumption A5), and each statement of the engine.
 *
 * The engine is a primary and a second node. A write holds the lease's row from when it is made until the second node has it, or the wait is cancelled, or
 * the primary is started again, or the second node is promoted. An answer may be lost, and a statement whose answer was given up may still run, once, later.
 */
#ifndef HOSTS
#define HOSTS 2
#endif
#ifndef WRITES
#define WRITES 6
#endif
#define LEASE 2
#define PATIENCE 3
#define NOBODY HOSTS

mtype = { following, claiming, owning, left };
mtype = { nothing, aTurn, aBeat, aBump };

/* What a write left of the lease. */
typedef Lease { byte epoch; byte seq; byte beat; byte holder }
/* A statement: for which epoch, which turn, from which beat. */
typedef Statement { mtype kind; byte epoch; byte seq; byte beat }
typedef Host {
    mtype role; byte epoch;
    byte lease;                  /* ticks for which it may send still */
    byte age;                    /* ticks since it sent what is out */
    Lease seen; byte still;      /* ticks for which it saw no other lease */
    byte confirmed;              /* the last turn it told somebody of */
    Statement sent; bool out;    /* to be executed; out until an answer or none */
    bool inEngine; bool answered; bool clean; bool refused
}

Lease shown, primary, second;    /* what readers see; what the primary has; what the second node has */
byte waiting = NOBODY;           /* whose write holds the lease's row */
Host host[HOSTS];
Statement orphan[HOSTS];         /* given up by its client, and still on its way */
byte writes, told;               /* writes made so far; the last turn that anybody was told of */

#define maySend(h) (host[h].role == owning && host[h].lease > 0)

inline copy(to, from) { to.epoch = from.epoch; to.seq = from.seq; to.beat = from.beat; to.holder = from.holder }

/* The WHERE of each statement. */
#ifdef NO_COMPARE
#define bumpFits(what) (primary.epoch == what.epoch)
#else
#define bumpFits(what) (primary.epoch == what.epoch && primary.beat == what.beat && primary.seq == what.seq)
#endif
#define bumpMade(what, who) (primary.epoch == what.epoch + 1 && primary.holder == who)
#define fits(what, who) \
    ((what.kind == aTurn && primary.epoch == what.epoch && (primary.seq == what.seq || primary.seq + 1 == what.seq)) || \
     (what.kind == aBeat && primary.epoch == what.epoch && primary.seq >= what.seq) || \
     (what.kind == aBump && (bumpFits(what) || bumpMade(what, who))))

inline make(what, who) {
    writes++;
#ifdef SAME_BEAT
    if :: what.kind == aBump && bumpMade(what, who) :: else -> primary.beat = writes fi;
#else
    primary.beat = writes;
#endif
    if
    :: what.kind == aTurn -> primary.seq = what.seq
    :: what.kind == aBump -> primary.epoch = what.epoch + 1; primary.holder = who
    :: else
    fi
}

inline answer(who, isClean) {
    if
    :: who < NOBODY && host[who].inEngine -> host[who].answered = true; host[who].clean = isClean; host[who].inEngine = false
    :: else
    fi
}

proctype Engine() {
    byte h;
    do
    /* A statement arrives and holds the row, or finds that nothing matches. */
    :: atomic { waiting == NOBODY && writes < WRITES -> select(h : 0 .. HOSTS - 1);
        if
        :: host[h].out && !host[h].inEngine && !host[h].answered ->
            if
            :: fits(host[h].sent, h) -> make(host[h].sent, h); waiting = h; host[h].inEngine = true
            :: else -> host[h].answered = true; host[h].clean = false; host[h].refused = true
            fi
        :: orphan[h].kind != nothing ->
            if
            :: fits(orphan[h], h) -> make(orphan[h], h); waiting = HOSTS + 1
            :: else
            fi;
            orphan[h].kind = nothing
        :: else
        fi }
    /* The second node has it. */
    :: atomic { waiting != NOBODY -> copy(second, primary); copy(shown, primary); h = waiting; waiting = NOBODY; answer(h, true) }
    /* The wait is cancelled: success, with a warning. */
    :: atomic { waiting != NOBODY -> copy(shown, primary); h = waiting; waiting = NOBODY;
#ifdef WARNING_IS_SUCCESS
        answer(h, true)
#else
        answer(h, false)
#endif
        }
    /* The primary is started again: everybody sees what no second node has. */
    :: atomic { waiting != NOBODY -> copy(shown, primary); h = waiting; waiting = NOBODY; answer(h, false) }
    /* The second node is promoted: what only the primary had is gone. */
    :: atomic { copy(primary, second); copy(shown, second); h = waiting; waiting = NOBODY; answer(h, false) }
    od
}

proctype Clock() {
    byte h;
    do
    :: d_step {
        h = 0;
        do
        :: h < HOSTS ->
            if :: host[h].lease > 0 -> host[h].lease-- :: else fi;
            if :: host[h].age < LEASE -> host[h].age++ :: else fi;
            if :: host[h].still < PATIENCE -> host[h].still++ :: else fi;
            h++
        :: else -> break
        od;
        h = 0 }
    od
}

inline send(what, forEpoch, forSeq, fromBeat) {
    host[me].sent.kind = what; host[me].sent.epoch = forEpoch; host[me].sent.seq = forSeq; host[me].sent.beat = fromBeat;
    host[me].out = true; host[me].answered = false; host[me].refused = false; host[me].age = 0
}

proctype Member(byte me) {
    do
    /* A standby looks at the lease. */
    :: atomic { host[me].role == following ->
        if
        :: host[me].seen.epoch != shown.epoch || host[me].seen.seq != shown.seq || host[me].seen.beat != shown.beat ->
            copy(host[me].seen, shown); host[me].still = 0
        :: else ->
            if
            :: host[me].still >= PATIENCE || shown.epoch == 0 ->
                host[me].role = claiming; send(aBump, shown.epoch, shown.seq, shown.beat)
            :: else
            fi
        fi }
    /* An owner that was fenced comes back, as a standby. */
    :: atomic { host[me].role == left ->
        host[me].role = following; host[me].lease = 0; host[me].age = 0; copy(host[me].seen, shown); host[me].still = 0 }
    /* An owner writes the next turn, or a beat. */
    :: atomic { host[me].role == owning && !host[me].out && writes < WRITES ->
        if
        :: send(aTurn, host[me].epoch, host[me].confirmed + 1, 0)
        :: send(aBeat, host[me].epoch, host[me].confirmed, 0)
        fi }
    /* An answer. */
    :: atomic { host[me].out && host[me].answered ->
        host[me].answered = false;
        if
        :: host[me].clean ->
            host[me].out = false;
#ifdef LEASE_FROM_ANSWER
            host[me].lease = LEASE;
#else
            host[me].lease = (host[me].lease > LEASE - host[me].age -> host[me].lease : LEASE - host[me].age);
#endif
            if
            :: host[me].sent.kind == aTurn ->
                host[me].confirmed = host[me].sent.seq;
                told = (told > host[me].sent.seq -> told : host[me].sent.seq)
            :: host[me].sent.kind == aBump ->
                /* Drained up to the number that the bump found; R-G. */
                host[me].role = owning; host[me].epoch = host[me].sent.epoch + 1; host[me].confirmed = primary.seq;
                assert(second.seq >= told)
            :: else
            fi;
            host[me].clean = false
        :: !host[me].clean && host[me].refused ->
            /* Nothing matched. Whether the lease is another's is asked; a turn or beat of an epoch that is over ends the owner. */
            host[me].refused = false; host[me].out = false;
            if
            :: host[me].role == claiming -> host[me].role = following; copy(host[me].seen, shown); host[me].still = 0
            :: host[me].role == owning && primary.epoch != host[me].epoch -> host[me].role = left
            :: else
            fi
        :: else ->
            /* In doubt: the same again, from now. */
            host[me].age = 0
        fi }
    /* The connection is lost: what was sent may still run, and the same is sent again. */
    :: atomic { host[me].out && !host[me].inEngine && !host[me].answered && orphan[me].kind == nothing ->
        orphan[me].kind = host[me].sent.kind; orphan[me].epoch = host[me].sent.epoch; orphan[me].seq = host[me].sent.seq;
        orphan[me].beat = host[me].sent.beat; host[me].age = 0 }
    od
}

/* What must hold wherever anybody is. */
active proctype Monitor() {
    byte h, senders;
    end: do
    :: d_step { senders = 0; h = 0;
        do
        :: h < HOSTS -> if :: maySend(h) -> senders++ :: else fi; h++
        :: else -> break
        od;
        assert(senders <= 1);
        assert(second.seq >= told);
        h = 0; senders = 0 }
    od
}

init {
    byte h = 0;
    atomic {
        primary.holder = NOBODY; second.holder = NOBODY; shown.holder = NOBODY;
        do
        :: h < HOSTS -> host[h].role = following; orphan[h].kind = nothing; host[h].sent.kind = nothing; h++
        :: else -> break
        od;
        run Engine(); run Clock();
        h = 0;
        do
        :: h < HOSTS -> run Member(h); h++
        :: else -> break
        od
    }
}
