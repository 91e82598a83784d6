%% SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
%% Prints the exchanges of the module table as tests/rows.py does.
-module(print).

-export([main/0]).

main() ->
    lists:foreach(
        fun(#{REQUEST := Request, RESPONSE := Response}) ->
            file:write(standard_io, [spell(Request), " ", spell(Response), "\n"])
        end,
        lists:append([TABLES])
    ).

spell(undefined) -> "none";
spell([]) -> "none";
spell(<<>>) -> "-";
spell(Messages) when is_list(Messages) -> lists:join(",", [spell(Message) || Message <- Messages]);
spell(Message) -> string:lowercase(binary:encode_hex(Message)).
