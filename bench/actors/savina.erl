%% The same programs for Erlang/OTP; each prints how many nanoseconds it took.
-module(savina).
-export([main/1, init/1, handle_call/3, handle_cast/2]).

main([Name]) ->
    Began = erlang:monotonic_time(nanosecond),
    run(Name),
    io:format("~p~n", [erlang:monotonic_time(nanosecond) - Began]),
    halt().

run("ping-pong") -> Pong = spawn(fun pong/0), ping(Pong, 1000000);
run("ring") ->
    Me = self(),
    First = lists:foldl(fun(_, Next) -> spawn(fun() -> hop(Next, Me) end) end, Me, lists:seq(1, 99)),
    First ! 1000000, ring(First);
run("counting") ->
    Counter = spawn(fun() -> count(0) end),
    repeat(1000000, fun() -> Counter ! increment end),
    Counter ! {get, self()},
    receive 1000000 -> ok end;
run("fork-join-throughput") ->
    Me = self(),
    Actors = [spawn(fun() -> work(10000, Me) end) || _ <- lists:seq(1, 60)],
    repeat(10000, fun() -> [A ! work || A <- Actors] end),
    [receive done -> ok end || _ <- Actors];
run("fork-join-create") ->
    Me = self(),
    repeat(40000, fun() -> A = spawn(fun() -> work(1, Me) end), A ! work end),
    repeat(40000, fun() -> receive done -> ok end end);
run("spawn") -> [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, 200000)];
run("ask") -> {ok, Pid} = gen_server:start(?MODULE, [], []), repeat(300000, fun() -> gen_server:call(Pid, 1) end);
run("chameneos") ->
    Me = self(),
    Mall = spawn(fun() -> mall(200000, none, 100, 0, Me) end),
    [spawn(fun() -> chameneo(Mall, N rem 3, 0) end) || N <- lists:seq(1, 100)],
    receive {met, 400000} -> ok end;
run("big") ->
    Me = self(),
    Actors = [spawn(fun() -> receive {all, All} -> big(All, 20000, N + 1, Me) end end) || N <- lists:seq(0, 119)],
    All = list_to_tuple(Actors),
    [A ! {all, All} || A <- Actors],
    [A ! pong || A <- Actors],
    [receive done -> ok end || _ <- Actors].

repeat(0, _) -> ok;
repeat(N, F) -> F(), repeat(N - 1, F).

ping(_, 0) -> ok;
ping(Pong, N) -> Pong ! {self(), ping}, receive pong -> ping(Pong, N - 1) end.
pong() -> receive {From, ping} -> From ! pong, pong() end.

hop(Next, Main) -> receive 0 -> Main ! over; N -> Next ! (N - 1), hop(Next, Main) end.
ring(First) -> receive over -> ok; 0 -> ok; N -> First ! (N - 1), ring(First) end.

count(N) -> receive increment -> count(N + 1); {get, From} -> From ! N end.

work(0, Main) -> Main ! done;
work(N, Main) -> receive work -> S = math:sin(37.2), true = S * S >= 0, work(N - 1, Main) end.

mall(_, _, 0, Met, Main) -> Main ! {met, Met};
mall(Left, Waiting, Creatures, Met, Main) ->
    receive
        {meet, Who, _} when Left =:= 0 -> Who ! stop, mall(0, Waiting, Creatures, Met, Main);
        {meet, Who, Colour} when Waiting =:= none -> mall(Left, {Who, Colour}, Creatures, Met, Main);
        {meet, Who, Colour} ->
            {First, Other} = Waiting,
            First ! {met, Colour}, Who ! {met, Other},
            mall(Left - 1, none, Creatures, Met, Main);
        {gone, N} -> mall(Left, Waiting, Creatures - 1, Met + N, Main)
    end.
chameneo(Mall, Colour, Meetings) ->
    Mall ! {meet, self(), Colour},
    receive
        {met, Colour} -> chameneo(Mall, Colour, Meetings + 1);
        {met, Other} -> chameneo(Mall, (2 * (Colour + Other)) rem 3, Meetings + 1);
        stop -> Mall ! {gone, Meetings}
    end.

big(All, Left, State, Main) ->
    receive
        {ping, From} -> From ! pong, big(All, Left, State, Main);
        pong when Left =:= 0 -> Main ! done, big(All, Left, State, Main);
        pong ->
            Next = (State * 48271) rem 2147483647,
            element(Next rem 120 + 1, All) ! {ping, self()},
            big(All, Left - 1, Next, Main)
    end.

init([]) -> {ok, none}.
handle_call(Value, _, State) -> {reply, Value, State}.
handle_cast(_, State) -> {noreply, State}.
