locals {
  # The ingester logs a line of JSON for each log blob at which something is to be told, and for each sweep. A query returns the lines
  # that somebody should look at; a single one raises the alert. Outcomes are the codes of docs/operations.md.
  line = "traces | extend line = parse_json(message) | extend outcome = tostring(line.outcome), blob = tostring(line.blob)"

  alerts = {
    dead-letters = {
      title     = "events were not delivered"
      advice    = "Events could not be delivered to the function app. The sweep delivers what they announced, up to ten minutes later; the function app's log stream says why it did not answer."
      severity  = 3
      frequency = "PT15M"
      window    = "PT30M"
      query     = "${local.line} | where toint(line.dead_letters) > 0"
    }
    lag = {
      title     = "flow logs are late or blocked"
      advice    = "Flow logs reach the gateway more than 15 minutes late, or not at all. The outcome in the function app's log line says why, and docs/operations.md what to do. What is late is delivered once the cause is fixed."
      severity  = 2
      frequency = "PT5M"
      window    = "PT15M"
      query     = "${local.line} | where todouble(line.lag_seconds) > 900 or outcome in ('retry_later', 'unexpected_answer', 'invalid_setting', 'unsupported', 'checkpoint_unreadable', 'vanished')"
    }
    quarantine = {
      title     = "tuples were quarantined"
      advice    = "Tuples were quarantined because they break the format or the gateway rejected them. `sluice quarantine` shows them with the reason."
      severity  = 3
      frequency = "PT15M"
      window    = "PT30M"
      query     = "${local.line} | where toint(line.tuples_aside) > 0 or toint(line.records_aside) > 0 or toint(line.ranges_aside) > 0 or toint(line.lines_refused) > 0"
    }
    silent-card = {
      title     = "a NIC went silent"
      advice    = "A NIC that wrote flow logs has written none for two hours; the log line says which. Its machine may be off; if not, check its flow log in Network Watcher."
      severity  = 3
      frequency = "PT1H"
      window    = "PT1H"
      query     = "${local.line} | where outcome == 'nic_silent'"
    }
    token-ends = {
      title     = "the subscription token expires soon"
      advice    = "The subscription token expires within 14 days. Get a new one from the gateway's console, put it into terraform.tfvars.json, and apply."
      severity  = 2
      frequency = "PT1H"
      window    = "PT2H"
      query     = "${local.line} | where todouble(line.token_days_left) < 14"
    }
    token-refused = {
      title     = "the subscription token is refused"
      advice    = "The gateway refuses the subscription token, and nothing is delivered. Get a new one from its console, put it into terraform.tfvars.json, and apply. What was missed is delivered then."
      severity  = 1
      frequency = "PT5M"
      window    = "PT15M"
      query     = "${local.line} | where outcome == 'token_refused'"
    }
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "this" {
  for_each = local.alerts

  name                    = "${var.name}-${each.key}"
  resource_group_name     = azurerm_resource_group.this.name
  location                = azurerm_resource_group.this.location
  display_name            = "Sluice, ${var.flow_logs_storage_account} in ${var.location}: ${each.value.title}"
  scopes                  = [azurerm_application_insights.this.id]
  severity                = each.value.severity
  evaluation_frequency    = each.value.frequency
  window_duration         = each.value.window
  auto_mitigation_enabled = true
  skip_query_validation   = true # an Application Insights of a minute ago can't be queried yet
  tags                    = var.tags

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 0
  }

  dynamic "action" {
    for_each = length(var.action_group_ids) > 0 ? [var.action_group_ids] : []

    content {
      action_groups     = action.value
      custom_properties = { advice = each.value.advice }
    }
  }
}
