#!/bin/sh
# What the scripts of this folder share; they read it with `.`.
#
# Secrets come from the environment or a file and go to curl as configuration on its stdin, so that no command line shows them.
# SLUICE_PATIENCE is how many seconds a script waits for something before it gives up.

set -eu
umask 077

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
trap 'exit 130' INT TERM

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

be_patient() { # SECONDS: begins a time of waiting
    patience=${SLUICE_PATIENCE:-$1}
    begun=$(date +%s)
    pause=0
}

wait_more() { # waits longer each time, at first not at all; false once the patience is over
    [ $(($(date +%s) - begun)) -lt "$patience" ] || return 1
    sleep "$pause"
    pause=$((pause < 8 ? pause * 2 + 1 : 10))
}

azure() {
    timeout 120 az "$@" --only-show-errors
}

quoted() { # TEXT: as it stands between quotes in curl's configuration
    printf '%s' "$1" | sed 's/[\\"]/\\&/g'
}

# request METHOD URL CONFIGURATION: sends a request, with further configuration of curl. No here-document carries it, since a
# shell may write that to a file. Without TLS, which is for loopback alone, a proxy would read the token, so none is used. Sets
# $status (000 without an answer) and $trouble (why there is none); the answer's body is in the file $answer.
request() {
    case $2 in
    [Hh][Tt][Tt][Pp]:*) way='noproxy = "*"' ;;
    *) way= ;;
    esac
    : >"$answer" # which curl leaves as it was where a body is empty
    trouble=$(
        printf 'request = "%s"\nurl = "%s"\n%s\n%s\n' "$1" "$(quoted "$2")" "$way" "$3" |
            curl --silent --connect-timeout 10 --max-time 60 --config - \
                --output "$answer" --write-out '%{http_code} %{errormsg}' || true
    )
    status=${trouble%% *}
    trouble=${trouble#* }
}

bearer() { # TOKEN: the configuration that signs a request
    printf 'header = "Authorization: Bearer %s"\n' "$(quoted "$1")"
}

body() { # TYPE TEXT: the configuration that sends a text, or with @FILE a file
    printf 'header = "Content-Type: %s"\ndata-binary = "%s"\n' "$1" "$(quoted "$2")"
}

# ask_gateway METHOD PATH CONFIGURATION: a request to the gateway, signed with $SUBSCRIPTION_TOKEN, that is repeated while its
# failure may pass by itself. Sets what `request` sets, and $foreign: what to say of an error that is not in the gateway's own form.
ask_gateway() {
    foreign=
    be_patient 60
    while :; do
        request "$1" "${APIGW_URL%/}$2" "$(bearer "$SUBSCRIPTION_TOKEN")
$3"
        # shellcheck disable=SC2034 # $foreign is for the scripts that read this file
        case $status in
        000 | 408 | 425 | 429 | 5??) wait_more && continue ;;
        4??) own_form || foreign="The gateway at $APIGW_URL answered HTTP $status, but not in its own form: something before it (a WAF, a firewall, a proxy) may refuse the request" ;;
        esac
        return 0
    done
}

own_form() { # whether the answer is an error as the gateway gives it
    python3 -c 'import json, re, sys
error = json.load(open(sys.argv[1]))["error"]
sys.exit(not (re.fullmatch("[a-z][a-z0-9_-]{0,39}", error["code"]) and isinstance(error["message"], str)))' "$answer" 2>/dev/null
}

token_end() { # when the token ends, as the answer says; false, and nothing else of it, if that is not a time
    python3 -c 'import json, re, sys
time = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
print(re.fullmatch(time, json.load(open(sys.argv[1]))["expiresAt"])[0])' "$answer" 2>/dev/null
}
