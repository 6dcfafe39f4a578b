/* hello: The server greets every client, and every client answers. */
/* Written by `protoflow export --to promela`. Participants: 0 is server, 1 is client1, 2 is client2. */
/* A failed assertion: nothing handles a message or raised event (PF201); with -DLATE, one comes late (PF205). */
/* An invalid end state: nobody can move, and the course is not complete (PF202). */
/* Not expressed: timers that elapse while all else goes round in a circle; PF203, PF204, PF206, PF207, PF209. */

#define P 3
mtype = { m_greeting, m_answer, m_lost, at_server_waiting, at_server_done, at_client_waiting, at_client_done };

/* what one has sent to another: type; whether its sender's round is open; whether it answers an open one */
chan channel[9] = [6] of { mtype, bit, bit };
#define CH(i, j) channel[(i) * P + (j)]
mtype state[P];
bit started[P], alive[P];
byte lost[P]; /* whom each knows to be lost */
byte counted_server_all_answered[P];
byte early = 1, loss = 0;
byte duplicates = 0;
bit asleep, over, cut;

/* used within one step only */
hidden byte from, to, i, n, k, x;
hidden mtype m, other;
hidden byte asks, answers, a, b, got;

#define BIT(i) (1 << (i))
#define BITS(set) ((((set) >> 0) & 1) + (((set) >> 1) & 1) + (((set) >> 2) & 1))
#define AWAKE (!asleep)
#define RUNS(i) (alive[i] && !over && !cut)
#define RESTS(i) (!alive[i] || (started[i] && (state[i] == at_server_done || state[i] == at_client_done)))
#define COMPLETE (RESTS(0) && RESTS(1) && RESTS(2))
#define UNHANDLED assert(false); cut = 1
#ifdef LATE
#define TOO_LATE assert(false); cut = 1
#else
#define TOO_LATE skip
#endif

inline post(sender, receiver, what, ask, answer) {
  if
  :: !alive[receiver] -> skip
  :: alive[receiver] && len(CH(sender, receiver)) >= 6 -> cut = 1
  :: else -> CH(sender, receiver) ! what, ask, answer
  fi
}

/* one of a group, or nobody where there is nobody */
inline one_of(group) {
  if
  :: (group) & BIT(0) -> to = BIT(0)
  :: (group) & BIT(1) -> to = BIT(1)
  :: (group) & BIT(2) -> to = BIT(2)
  :: (group) == 0 -> to = 0
  fi
}

/* some of a group, at least one where there is one */
inline some_of(group) {
  one_of(group);
  if :: (group) & BIT(0) -> to = to | BIT(0) :: true fi;
  if :: (group) & BIT(1) -> to = to | BIT(1) :: true fi;
  if :: (group) & BIT(2) -> to = to | BIT(2) :: true fi;
}

#define HOLDS_server_all_answered ((6 & ~BIT(me) & ~lost[me]) != 0 && (counted_server_all_answered[me] & (6 & ~BIT(me) & ~lost[me])) == (6 & ~BIT(me) & ~lost[me]))
/* an event holds and is certain to fire: nothing else is done before */
#define URGENT_server (state[me] == at_server_waiting && HOLDS_server_all_answered)
/* server */
proctype Role_server(byte me) {
  do
  :: over || cut -> break
  :: atomic { RUNS(me) && !started[me] -> /* start */
    started[me] = 1;
    /* row 0: greet */
    to = (6 & ~BIT(me));
    for (i : 0 .. P - 1) {
      if :: to & BIT(i) ->
        post(me, i, m_greeting, 0, 0)
      :: else fi
    }
    skip
  }
  :: atomic { RUNS(me) && started[me] && state[me] == at_server_waiting && HOLDS_server_all_answered -> /* all_answered fires in waiting */
    counted_server_all_answered[me] = 0;
    /* row 2 */
    state[me] = at_server_done
  }
  :: atomic { /* deliver */
    if
    :: RUNS(me) && started[me] && !(URGENT_server) && nempty(CH(1, me)) -> from = 1; CH(1, me) ? m, asks, answers
    :: RUNS(me) && started[me] && !(URGENT_server) && nempty(CH(2, me)) -> from = 2; CH(2, me) ? m, asks, answers
    fi;
    if
    :: m == m_answer ->
      if
      :: state[me] == at_server_waiting ->
        counted_server_all_answered[me] = counted_server_all_answered[me] | BIT(from);
        /* row 1: listen */
        skip
      :: else -> if :: state[me] == at_server_done -> TOO_LATE :: else -> UNHANDLED fi
      fi
    fi
  }
  od
}

/* client */
proctype Role_client(byte me) {
  do
  :: over || cut -> break
  :: atomic { RUNS(me) && !started[me] -> /* start */
    started[me] = 1;
    skip
  }
  :: atomic { /* deliver */
    if
    :: RUNS(me) && started[me] && nempty(CH(0, me)) -> from = 0; CH(0, me) ? m, asks, answers
    fi;
    if
    :: m == m_greeting ->
      if
      :: state[me] == at_client_waiting ->
        /* row 0: reply */
        to = (1 & ~BIT(me));
        for (i : 0 .. P - 1) {
          if :: to & BIT(i) ->
            post(me, i, m_answer, 0, 0)
          :: else fi
        }
        state[me] = at_client_done
      :: else -> if :: state[me] == at_client_done -> TOO_LATE :: else -> UNHANDLED fi
      fi
    fi
  }
  od
}

/* the course may fall asleep; where nothing can move and it is complete, it is over */
active proctype Environment() {
  do
  :: atomic { timeout && COMPLETE && !over && !cut -> over = 1 }
  :: over || cut -> break
  od
}

init {
  atomic {
    state[0] = at_server_waiting; alive[0] = 1;
    state[1] = at_client_waiting; alive[1] = 1;
    state[2] = at_client_waiting; alive[2] = 1;
    run Role_server(0);
    run Role_client(1);
    run Role_client(2);
  }
}

