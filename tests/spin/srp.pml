/*
 * srp.pml - election, switchover and dual active of the redundancy engine, written a second time.
 *
 * Not generated: an independent model, from docs/FSM.md and the chapter's prose, of two chassis and a link that loses.
 * What it leaves out: what changes no state (counters, alarms, answers to operators), intervals (any timer that runs may
 * fire whenever the other side is silent), the delay interval. Epochs are bounded by the number of faults.
 *
 * Every change of state goes through go(FROM, EVENT, TO); tests/spin/compare reads these calls and holds them against the
 * rows of the production table, so neither can change without the other.
 *
 * What may happen is bounded, by the environment of the verifier (one build serves all searches): FAULTS is how many one-way
 * cuts, resets, crashes, switchovers by an operator and monitor failures, five digits; OPTIONS has the letters h (one host:
 * the service address has one owner; otherwise each chassis has its own), e (early transition) and b (broken: both chassis
 * prefer themselves, so that it is seen that the claims can fail).
 */
#define RETRIES 1 /* attempts of an internal switchover that are made again */

mtype = {Down, Init, Standby, Taking, Active, Preparing, Giving, Flushing, Handing, Yielding, HandingFlush, Holding};
mtype = {HELLO, PREPARE, READY, REFUSE, TAKE, FLUSHED};
mtype = {none, take, give, flush};

#define EPOCHS 40 /* more than the faults can use; go() asserts it */

mtype st[2] = Down;
bool holds[2];       /* the service address */
mtype pending[2] = none;
byte epoch[2], known[2], lineage[2], given[2], prepared[2], inc[2], req[2]; /* req: its last bit, answers of one connection only */
byte rm[2];
mtype peer[2] = Init; /* as shown in its last hello */
byte peer_epoch[2], peer_inc[2];
bool heard[2];
bool failed[2], peer_failed[2]; /* a monitor, as each chassis sees it, and as the peer said */
bool won[2];        /* Active because of the peer's failure: not given back for the same one */
bool internal[2];   /* the switchover that runs is because of a failure */
byte tries[2];
bool awaits[2];     /* taken early: the peer still flushes */
bool connected, closed[2]; /* closed: the end of the connection has not been noticed yet */
bool cut[2];               /* nothing reaches this chassis */
bool is_over;              /* the environment has done its worst and mended everything */

/* type, shown, epoch, lineage (of TAKE: early), rm (of TAKE: because of a failure), incarnation, failed, request */
c_decl {
	\#include <stdlib.h>
	\#include <string.h>
}
c_code {
	static int fault(int i) { return getenv("FAULTS")[i] - '0'; }
	static int option(int c) { return strchr(getenv("OPTIONS"), c) != NULL; }
}

byte cuts, resets, crashes, operators, monitors; /* that are left */
bool one_host, early, broken;

chan to[2] = [2] of {mtype, mtype, byte, byte, byte, byte, bool, byte};

#define other (1 - me)
#define is_serving(i) (st[i] == Active || st[i] == Preparing)

/* EVENT is for the reader and for compare. */
#define go(FROM, EVENT, NEXT) assert(st[me] == FROM); st[me] = NEXT; say_hello()

/* A hello takes the place of one that waits; what does not fit or is cut is lost. */
inline put(type, a, b, c, d, e)
{
	if
	:: connected && !cut[other] && len(to[other]) < 2 -> to[other]!type, a, b, c, d, e, 0, req[me];
	:: else
	fi
}

#define shown(s) ((s == Preparing) -> Active : ((s == Holding) -> Taking : ((s == Giving || s == Flushing || s == Handing || s == HandingFlush || s == Yielding) -> Flushing : s)))

inline say_hello()
{
	if
	:: st[me] != Down && connected && !cut[other] && len(to[other]) < 2 ->
		to[other]!HELLO, shown(st[me]), (is_serving(me) -> epoch[me] : known[me]), lineage[me], rm[me], inc[me], failed[me], 0;
	:: else
	fi
}

inline ask(what)
{
	pending[me] = what;
}

inline drain()
{
	do
	:: len(to[0]) > 0 -> to[0]?_, _, _, _, _, _, _, _;
	:: len(to[0]) == 0 && len(to[1]) > 0 -> to[1]?_, _, _, _, _, _, _, _;
	:: len(to[0]) == 0 && len(to[1]) == 0 -> break;
	od
}

inline redial()
{
	if
	:: connected -> connected = false; closed[other] = true; drain();
	:: else
	fi
	closed[me] = false;
}

inline new_epoch()
{
	assert(known[me] < EPOCHS);
	epoch[me] = known[me] + 1 + (known[me] + 1 + me) % 2; /* the last bit is the chassis: never the same on both */
	known[me] = epoch[me];
	lineage[me] = epoch[me];
}

/* The rest of a hello's values, in the receiver's hands. */
byte h_epoch, h_lineage, h_rm, h_inc, h_req;
mtype h_shown, h_type;
bool h_failed, could;

#define stale (h_inc == peer_inc[me] && (h_epoch < peer_epoch[me] || (h_shown == Active && given[me] != 0 && h_epoch <= given[me])))
#define preferred (broken || rm[me] < h_rm || (rm[me] == h_rm && me == 0))
#define restarted (h_shown == Init || h_inc != peer_inc[me])

inline hear()
{
	if
	:: h_inc != peer_inc[me] -> prepared[me] = 0; given[me] = 0;
	:: else
	fi;
	if
	:: h_shown == Active && h_epoch != prepared[me] -> prepared[me] = 0;
	:: else
	fi;
	peer[me] = h_shown;
	peer_epoch[me] = h_epoch;
	peer_inc[me] = h_inc;
	peer_failed[me] = h_failed;
	heard[me] = true;
	if
	:: h_epoch > known[me] -> known[me] = h_epoch;
	:: else
	fi
}

/* A failure here, and a peer that is better off and can take over. */
#define can (st[me] == Active && failed[me] && !won[me] && connected && heard[me] && peer[me] == Standby && !peer_failed[me])

inline hand_over()
{
	internal[me] = true;
	req[me] = 1 - req[me];
	put(PREPARE, Init, epoch[me], 0, 0, 0);
}

inline follow()
{
	rm[me] = h_rm + 1;
	lineage[me] = h_epoch;
}

inline forget()
{
	heard[me] = false;
	peer[me] = Init;
}

inline to_answer(type)
{
	if
	:: connected && !cut[other] && len(to[other]) < 2 -> to[other]!type, Init, h_epoch, 0, 0, 0, 0, h_req;
	:: else
	fi
}

inline clean()
{
	h_type = HELLO;
	h_shown = Init;
	h_epoch = 0;
	h_lineage = 0;
	h_rm = 0;
	h_inc = 0;
	h_req = 0;
	h_failed = 0;
	could = 0;
}

inline on_hello()
{
	if
	:: st[me] == Down || stale
	:: else ->
		if
		:: st[me] == Init ->
			if
			:: h_shown == Active -> hear(); follow(); go(Init, hello, Standby);
			:: else ->
				if
				:: h_shown == Taking || h_shown == Flushing || (h_shown == Standby && h_lineage != 0) ->
					hear(); go(Init, hello, Standby);
				:: else ->
					hear();
					if
					:: me == 0 -> ask(take); go(Init, hello, Taking);
					:: else -> go(Init, hello, Standby);
					fi
				fi
			fi
		:: st[me] == Standby ->
			if
			:: h_shown == Active -> hear(); follow();
			:: h_shown == Init && lineage[me] != 0 -> hear(); ask(take); go(Standby, hello, Taking);
			:: h_shown == Standby && (lineage[me] > h_lineage || (lineage[me] == h_lineage && me == 0)) ->
				hear(); ask(take); go(Standby, hello, Taking);
			:: else -> hear();
			fi
		:: st[me] == Taking ->
			if
			:: h_shown == Active -> hear(); follow(); ask(give); go(Taking, hello, Standby);
			:: h_shown == Taking && !preferred -> hear(); ask(give); go(Taking, hello, Standby);
			:: else -> hear();
			fi
		:: st[me] == Holding ->
			if
			:: h_shown == Active -> hear(); follow(); awaits[me] = false; ask(give); go(Holding, hello, Standby);
			:: h_shown == Taking && !preferred -> hear(); awaits[me] = false; ask(give); go(Holding, hello, Standby);
			:: h_shown != Active && !(h_shown == Taking && !preferred) && restarted ->
				hear(); awaits[me] = false; ask(take); go(Holding, hello, Taking);
			:: else -> hear();
			fi
		:: st[me] == Active || st[me] == Preparing ->
			if
			:: h_shown == Active && !preferred ->
				hear(); ask(give);
				if
				:: st[me] == Active -> go(Active, hello, Yielding);
				:: else -> go(Preparing, hello, Yielding);
				fi
			:: else ->
				if
				:: st[me] == Preparing && h_shown != Standby -> hear(); go(Preparing, hello, Active);
				:: else ->
					if
					:: st[me] == Active && (h_epoch > epoch[me] || (h_shown == Active && h_epoch >= epoch[me])) ->
						hear(); new_epoch(); say_hello();
					:: else ->
						could = can;
						hear();
						if
						:: rm[me] >= 16 && h_shown != Active -> rm[me] = 1; say_hello();
						:: else ->
							if
							:: can && !could -> tries[me] = 0; go(Active, hello, Preparing); hand_over();
							:: else
							fi
						fi
					fi
				fi
			fi
		:: st[me] == Giving ->
			if
			:: h_shown == Active -> hear(); follow(); go(Giving, hello, Yielding);
			:: h_shown != Active && restarted -> hear(); ask(take); go(Giving, hello, Taking);
			:: else -> hear();
			fi
		:: st[me] == Flushing ->
			if
			:: h_shown == Active -> hear(); follow(); ask(none); go(Flushing, hello, Standby);
			:: h_shown != Active && restarted -> hear(); ask(take); go(Flushing, hello, Taking);
			:: else -> hear();
			fi
		:: st[me] == HandingFlush ->
			if
			:: h_shown == Active -> hear(); follow(); ask(none); go(HandingFlush, hello, Standby);
			:: h_shown != Active && restarted -> hear(); ask(take); go(HandingFlush, hello, Taking);
			:: h_shown == Standby && !restarted -> hear(); put(TAKE, Init, epoch[me], 1, internal[me], 0);
			:: h_shown == Flushing && !restarted && preferred -> hear(); ask(take); go(HandingFlush, hello, Taking);
			:: else -> hear();
			fi
		:: st[me] == Handing ->
			if
			:: h_shown == Active -> hear(); follow(); go(Handing, hello, Standby);
			:: h_shown != Active && restarted -> hear(); ask(take); go(Handing, hello, Taking);
			:: h_shown == Standby && !restarted -> hear(); put(TAKE, Init, epoch[me], 0, internal[me], 0);
			:: h_shown == Flushing && !restarted && preferred -> hear(); ask(take); go(Handing, hello, Taking);
			:: else -> hear();
			fi
		:: st[me] == Yielding ->
			hear();
			if
			:: h_shown == Active -> follow();
			:: else
			fi
		fi
	fi
}

inline on_message()
{
	if
	:: h_type == HELLO -> on_hello();
	:: h_type == PREPARE ->
		if
		:: st[me] == Standby && h_epoch >= peer_epoch[me] && h_epoch == lineage[me] ->
			prepared[me] = h_epoch;
			to_answer(READY);
		:: st[me] == Down
		:: else -> to_answer(REFUSE);
		fi
	:: h_type == READY ->
		if
		:: st[me] == Preparing && h_req == req[me] -> ask(give); go(Preparing, READY, Giving);
		:: else
		fi
	:: h_type == REFUSE ->
		if
		:: st[me] == Preparing && h_req == req[me] -> go(Preparing, REFUSE, Active);
		:: st[me] == Handing && h_req == req[me] -> ask(take); go(Handing, REFUSE, Taking);
		:: st[me] == HandingFlush && h_req == req[me] -> ask(take); go(HandingFlush, REFUSE, Taking);
		:: else
		fi
	:: h_type == TAKE ->
		if
		:: st[me] == Standby && prepared[me] != 0 && h_epoch == prepared[me] ->
			given[me] = h_epoch;
			prepared[me] = 0;
			awaits[me] = h_lineage;
			won[me] = h_rm;
			ask(take);
			go(Standby, TAKE, Taking);
		:: st[me] == Standby && !(prepared[me] != 0 && h_epoch == prepared[me]) -> to_answer(REFUSE);
		:: is_serving(me) -> say_hello();
		:: st[me] == Taking -> awaits[me] = awaits[me] && h_lineage;
		:: st[me] == Holding && !h_lineage -> awaits[me] = false; ask(take); go(Holding, TAKE, Taking);
		:: st[me] == Holding && h_lineage
		:: st[me] == Down
		:: else -> to_answer(REFUSE);
		fi
	:: h_type == FLUSHED ->
		if
		:: h_epoch == given[me] && st[me] == Taking -> awaits[me] = false;
		:: h_epoch == given[me] && st[me] == Holding ->
			awaits[me] = false;
			if
			:: new_epoch(); go(Holding, FLUSHED, Active);
			:: ask(take); go(Holding, FLUSHED, Taking); /* no epoch is left on disk at the moment */
			fi
		:: else
		fi
	fi
}

/* Messages, and the end of the connection. */
proctype link(byte me)
{
	do
	:: atomic {
		to[me]?h_type, h_shown, h_epoch, h_lineage, h_rm, h_inc, h_failed, h_req ->
		on_message();
		clean();
	   }
	:: atomic {
		closed[me] && st[me] != Down ->
		closed[me] = false;
		if
		:: st[me] == Preparing -> go(Preparing, link_down, Active);
		:: st[me] == Giving -> ask(take); go(Giving, link_down, Taking);
		:: st[me] == Flushing -> ask(take); go(Flushing, link_down, Taking);
		:: else
		fi
	   }
	od
}

/* Hellos, and the connection made again. */
proctype beat(byte me)
{
	do
	:: atomic {
		st[me] != Down && connected && !cut[other] && len(to[other]) == 0 ->
		say_hello();
	   }
	:: atomic {
		st[me] != Down && st[other] != Down && !connected && !closed[0] && !closed[1] && !cut[0] && !cut[1] ->
		connected = true;
		say_hello();
		if
		:: st[me] == Handing -> put(TAKE, Init, epoch[me], 0, internal[me], 0);
		:: st[me] == HandingFlush -> put(TAKE, Init, epoch[me], 1, internal[me], 0);
		:: st[me] == Active && can -> tries[me] = 0; go(Active, link_up, Preparing); hand_over();
		:: else
		fi
	   }
	od
}

/* The service address and the flush, asked for and done. */
proctype driver(byte me)
{
	do
	:: atomic {
		pending[me] == take && (!holds[other] || !one_host) ->
		pending[me] = none;
		holds[me] = true;
		if
		:: st[me] == Taking && awaits[me] -> go(Taking, address_taken, Holding);
		:: st[me] == Taking && !awaits[me] -> new_epoch(); go(Taking, address_taken, Active);
		:: else
		fi
	   }
	:: atomic {
		pending[me] == give ->
		pending[me] = none;
		holds[me] = false;
		if
		:: st[me] == Giving && !early -> ask(flush); go(Giving, address_given, Flushing);
		:: st[me] == Giving && early -> ask(flush); go(Giving, address_given, HandingFlush);
			put(TAKE, Init, epoch[me], 1, internal[me], 0);
		:: st[me] == Yielding -> go(Yielding, address_given, Standby);
		:: else
		fi
	   }
	:: atomic {
		pending[me] == flush && connected && !cut[0] && !cut[1] ->
		pending[me] = none;
		if
		:: st[me] == Flushing -> go(Flushing, flush_done, Handing); put(TAKE, Init, epoch[me], 0, internal[me], 0);
		:: st[me] == HandingFlush -> go(HandingFlush, flush_done, Handing); put(FLUSHED, Init, epoch[me], 0, 0, 0);
		:: else
		fi
	   }
	od
}

/* The value with which it serves is the one it followed with. */

/* Silence. A timer of the production engine may fire only when nothing was heard for so long. */
#define silent (cut[me] || st[other] == Down || !connected)

proctype dead(byte me)
{
	do
	:: atomic {
		silent && !is_over && st[me] != Down && st[me] != Active && st[me] != Taking ->
		if
		:: st[me] == Init -> forget(); ask(take); redial(); go(Init, dead_interval, Taking);
		:: st[me] == Standby -> forget(); ask(take); redial(); go(Standby, dead_interval, Taking);
		:: st[me] == Preparing -> forget(); redial(); go(Preparing, dead_interval, Active);
		:: st[me] == Giving -> forget(); ask(take); redial(); go(Giving, dead_interval, Taking);
		:: st[me] == Flushing -> forget(); ask(take); redial(); go(Flushing, dead_interval, Taking);
		:: st[me] == Handing -> forget(); ask(take); redial(); go(Handing, dead_interval, Taking);
		:: st[me] == Yielding -> forget(); ask(take); redial(); go(Yielding, dead_interval, Taking);
		:: st[me] == HandingFlush -> forget(); ask(take); redial(); go(HandingFlush, dead_interval, Taking);
		:: st[me] == Holding -> awaits[me] = false; forget(); ask(take); redial(); go(Holding, dead_interval, Taking);
		fi
	   }
	:: atomic { st[me] == Taking && awaits[me] && silent && !is_over -> awaits[me] = false; }
	:: atomic {
		(st[me] == Preparing || st[me] == Giving || st[me] == Flushing || st[me] == HandingFlush || st[me] == Holding) ->
		if
		:: st[me] == Preparing -> go(Preparing, phase_timeout, Active);
		:: st[me] == Giving -> ask(take); go(Giving, phase_timeout, Taking);
		:: st[me] == Flushing -> ask(take); go(Flushing, phase_timeout, Taking);
		:: st[me] == HandingFlush -> ask(none); go(HandingFlush, phase_timeout, Handing); put(FLUSHED, Init, epoch[me], 0, 0, 0);
		:: st[me] == Holding -> awaits[me] = false; ask(take); go(Holding, phase_timeout, Taking);
		fi
	   }
	:: atomic { can && tries[me] < RETRIES -> tries[me]++; go(Active, internal_retry, Preparing); hand_over(); }
	od
}

/* What can go wrong, so often and no more; then everything is mended, and stays so. */
inline start(i)
{
	st[i] = Init;
	inc[i]++;
	epoch[i] = 0;
	lineage[i] = 0;
	given[i] = 0;
	prepared[i] = 0;
	heard[i] = false;
	peer[i] = Init;
	peer_epoch[i] = 0;
	peer_inc[i] = 0;
	rm[i] = 33 + i;
	pending[i] = none;
	won[i] = false;
	internal[i] = false;
	awaits[i] = false;
	peer_failed[i] = false;
}

proctype environment()
{
	byte me;

	do
	:: atomic { cuts > 0 -> cuts--; select(me : 0..1); cut[me] = true; }
	:: atomic { (cut[0] || cut[1]) -> cut[0] = false; cut[1] = false; }
	:: atomic { resets > 0 && connected -> resets--; connected = false; closed[0] = true; closed[1] = true; drain(); }
	:: atomic {
		crashes > 0 -> crashes--;
		select(me : 0..1);
		if
		:: connected -> connected = false; closed[other] = true; drain();
		:: else
		fi
		st[me] = Down; holds[me] = false; pending[me] = none; closed[me] = false; peer[me] = Init;
	   }
	:: atomic { st[0] == Down -> start(0); }
	:: atomic { st[1] == Down -> start(1); }
	:: atomic {
		operators > 0 ->
		if
		:: st[0] == Active && connected && heard[0] && peer[0] == Standby -> me = 0;
		:: st[1] == Active && connected && heard[1] && peer[1] == Standby -> me = 1;
		fi;
		operators--;
		internal[me] = false;
		req[me] = 1 - req[me];
		go(Active, operator_switchover, Preparing);
		put(PREPARE, Init, epoch[me], 0, 0, 0);
	   }
	:: atomic {
		monitors > 0 && (!failed[0] || !failed[1]) -> monitors--;
		if
		:: !failed[0] -> me = 0;
		:: !failed[1] -> me = 1;
		fi;
		failed[me] = true;
		if
		:: can -> tries[me] = 0; go(Active, monitor_failed, Preparing); hand_over();
		:: else
		fi
	   }
	:: atomic {
		failed[0] || failed[1] ->
		if
		:: failed[0] -> me = 0;
		:: failed[1] -> me = 1;
		fi;
		failed[me] = false;
		if
		:: st[me] == Preparing && internal[me] -> go(Preparing, monitor_recovered, Active);
		:: else
		fi
	   }
	:: atomic {
		won[0] || won[1] ->
		if
		:: won[0] -> me = 0;
		:: won[1] -> me = 1;
		fi;
		won[me] = false;
		if
		:: can -> tries[me] = 0; go(Active, reset_of_a_failure, Preparing); hand_over();
		:: else
		fi
	   }
	:: atomic {
		st[0] != Down && st[1] != Down ->
		cut[0] = false; cut[1] = false; is_over = true; me = 0; break;
	   }
	od
}

init {
	atomic {
		c_code {
			now.cuts = fault(0);
			now.resets = fault(1);
			now.crashes = fault(2);
			now.operators = fault(3);
			now.monitors = fault(4);
			now.one_host = option('h');
			now.early = option('e');
			now.broken = option('b');
		};
		run link(0); run link(1); run beat(0); run beat(1); run driver(0); run driver(1);
		run dead(0); run dead(1); run environment();
	}
}

#define one ((st[0] == Active && st[1] == Standby) || (st[1] == Active && st[0] == Standby))

/* A chassis serves only with the address; on one host never two do. */
ltl address { [] ((is_serving(0) -> holds[0]) && (is_serving(1) -> holds[1]) && (one_host -> !(holds[0] && holds[1]))) }

/* Once nothing more goes wrong, one of them serves, the other follows, and that stays so. */
ltl one_serves { <> [] one }
