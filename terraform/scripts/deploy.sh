#!/bin/sh
# Puts the code into the function app, and waits until Event Grid can call it.
#
# APP_HOST     the function app's host name
# APP_ID       its resource id
# FUNCTIONS    names of the functions that Event Grid calls
# READY_MADE   the package, if it need not be built
# SOURCE_ROOT  folder of the code, to build the package from

# shellcheck source=common.sh
. "${0%/*}/common.sh"

scm=${APP_HOST%%.*}.scm.${APP_HOST#*.}
greeting='[{"id": "0", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "subject": "", "eventTime": "2026-01-01T00:00:00Z", "dataVersion": "1", "data": {"validationCode": "0"}}]'

# As `az functionapp deployment source config-zip` does it, but for the remote build that it always asks for with Python.
publish() {
    be_patient 300
    while :; do
        request POST "https://$scm/api/publish?RemoteBuild=false&Deployer=sluice" "$signed
max-time = 600
$(body application/zip "@$package")"
        case $status in
        200 | 202) break ;;
        400 | 401 | 413 | 415) fail "The function app $APP_HOST refuses the package (HTTP $status). az must be signed in as whoever runs terraform. Then apply again." ;;
        # A new app's name and roles take a while to be known, and one deployment is taken at a time.
        *) wait_more || fail "The code could not be sent to $APP_HOST (HTTP $status $trouble). Apply again." ;;
        esac
    done
    deployment=$(tr -dc 'A-Za-z0-9-' <"$answer")
}

wait_for_deployment() {
    be_patient 600
    while :; do
        request GET "https://$scm/api/deployments/$deployment" "$signed"
        case $(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["status"])' "$answer" 2>/dev/null || true) in
        4) break ;;
        3 | 5 | 6 | -1) fail "Azure could not deploy the code to $APP_HOST. The reason is in the portal, under the function app's Deployment Center. Then apply again." ;;
        *) wait_more || fail "The deployment to $APP_HOST does not end (HTTP $status $trouble). Apply again." ;;
        esac
    done
}

# Event Grid's own question before it sends anything. It also starts the host, which makes the key once it has loaded the code.
greet() { # FUNCTION
    request POST "https://$APP_HOST/runtime/webhooks/blobs?functionName=Host.Functions.$1&code=$key" \
        "header = \"aeg-event-type: SubscriptionValidation\"
$(body application/json "$greeting")"
}

wait_for_webhook() {
    be_patient 600
    while :; do
        key=$(azure rest --method post --url "$APP_ID/host/default/listKeys?api-version=2024-04-01" \
            --query systemKeys.blobs_extension --output tsv 2>/dev/null || true)
        [ "$key" != None ] || key=
        for function in $FUNCTIONS; do
            greet "$function"
            [ "$status" = 200 ] || break
        done
        if [ -n "$key" ] && [ "$status" = 200 ]; then
            break
        fi
        wait_more || give_up
    done
}

give_up() {
    if [ -z "$key" ]; then
        problem="has no key blobs_extension: its host did not load the code"
    else
        problem="does not answer Event Grid (HTTP $status $trouble)"
    fi
    fail "The function app $APP_HOST $problem. Its log stream in the portal tells why. Then apply again."
}

package=${READY_MADE:-}
if [ -z "$package" ]; then
    (cd "$SOURCE_ROOT" && python3 -m dev.package) || fail "The package could not be built. Apply again once the cause above is removed."
    package=$SOURCE_ROOT/dist/function.zip
fi
token=$(azure account get-access-token --query accessToken --output tsv) || fail "az is not signed in. Run az login, and apply again."
signed=$(bearer "$token")
publish
wait_for_deployment
wait_for_webhook
say "The code runs in $APP_HOST."
