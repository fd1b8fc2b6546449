#!/bin/sh
# The main job on 20 support cases, judged offline: a run that fails its gate, a new prompt's answers beside it, the old
# ones beside those, and the page about that.
#
#     sh examples/demo.sh [PATH_TO_EVALFACTORY]
#
# Exits 0 when every step ended as it should: the first verdict and the last are meant to be FAIL.
set -u

evalfactory=${1:-evalfactory}
support=$(dirname "$0")/support
store=$support/.evalfactory

say() { printf '%s\n' "$@"; }

step() { # title, the exit code that it should end with, the command's words
    title=$1 expected=$2
    shift 2
    say "" "── $title" "" "\$ evalfactory $*" ""
    "$evalfactory" "$@"
    code=$?
    [ "$code" -eq "$expected" ] && return
    say "" "The demo stops here: this step should have ended with exit code $expected, and it ended with $code." >&2
    exit 1
}

say "The support bot of an online shop has answered 20 questions, some well and some badly: 13 in English, six in" \
    "Japanese, one in Arabic. Every answer is judged twice. Does it speak to the question? Is it borne out by the" \
    "documents that the bot had found? The offline judge compares words; it needs no model, no key and no network."

step "1. Judge the answers" 10 run "$support/suite.yaml"

say "" "FAIL is right, and so is exit code 10: the suite wants the documents to bear out 80 % of the answers, and they" \
    "bear out 70 %. A build server would stop here. The demo goes on."

step "2. Call this run \"main\", to compare with it later" 0 bless latest --name main --store "$store"

step "3. Judge the answers of a new prompt beside it" 0 run "$support/candidate.yaml" --baseline main

say "" "PASS. Twelve answers are new; eight of them score better. But three that were right score worse now: the means" \
    "hide them, and the list above shows them. The answers that are still the same were not judged again (reused)."

step "4. Call the better run \"main\"" 0 bless latest --name main --store "$store"

say "" "Some days later an old branch is merged, and the old prompt is back. Nobody noticed."

step "5. Judge its answers beside main" 10 run "$support/suite.yaml" --baseline main

say "" "FAIL, and it cost nothing: every answer had been judged before." \
    "" \
    "See one case with every prompt and every answer of the judge, or prove the report from the stored files:" \
    "" \
    "  $evalfactory explain ja-cancel-shipped --store $store" \
    "  $evalfactory verify --store $store" \
    "" \
    "Judge answers of your own (docs/tutorial/first-run.md goes on from here):" \
    "" \
    "  $evalfactory init my-suite"

step "6. Make a page of it" 0 report latest --format html --store "$store"

say "" "Open that file in a browser: it is the whole report, every case in it, and asks nothing of any network."
