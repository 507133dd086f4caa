# Every value is checked, and every refusal is the variable's own.

variables {
  apigw_url          = "https://gateway.example.com"
  installed_in       = "22222222-2222-2222-2222-222222222222"
  subscription_id    = "22222222-2222-2222-2222-222222222222"
  subscription_token = "a-token-of-the-test"
  region_set = {
    location1 = {
      location                            = "East US"
      flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net"
    }
  }
}

run "the_form_of_the_contract_is_taken" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  assert {
    condition     = output.entries == { location1 = { location = "eastus", storage_account = "flowlogs", storage_account_id = null } }
    error_message = "The entry must be told by location and account."
  }

  assert {
    condition     = output.connection_strings.location1 == var.region_set.location1.flow_logs_storage_connection_string
    error_message = "The connection string must be kept as it is."
  }

  assert {
    condition     = output.management == "https://management.azure.com" && output.python == null
    error_message = "The public cloud has its own Resource Manager, and Python its usual name."
  }

  assert {
    condition     = output.cloud == "public"
    error_message = "A suffix of core.windows.net is the public cloud."
  }
}

run "an_account_can_be_given_by_its_id" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                     = "eastus"
        flow_logs_storage_account_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
      }
    }
  }

  assert {
    condition     = output.entries.location1.storage_account_id == "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs" && output.entries.location1.storage_account == "flowlogs"
    error_message = "The account must be known by id and name."
  }

  assert {
    condition     = output.connection_strings.location1 == null
    error_message = "There is no connection string then."
  }
}

run "the_suffix_of_a_connection_string_chooses_the_cloud" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "chinaeast2"
        flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.chinacloudapi.cn"
      }
    }
  }

  assert {
    condition     = output.cloud == "china" && output.endpoint_suffix == "core.chinacloudapi.cn"
    error_message = "core.chinacloudapi.cn is the cloud in China."
  }
}

run "the_suffix_is_given_where_there_is_no_connection_string" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    endpoint_suffix = "core.usgovcloudapi.net"
    region_set = {
      location1 = {
        location                     = "usgovvirginia"
        flow_logs_storage_account_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
      }
    }
  }

  assert {
    condition     = output.cloud == "usgovernment"
    error_message = "core.usgovcloudapi.net is the cloud of the US government."
  }
}

run "null_stands_for_the_default" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    tags                        = null
    instance_memory_in_mb       = null
    credential_lifetime_in_days = null
  }

  assert {
    condition     = output.instance_memory_in_mb == 512 && output.credential_lifetime_in_days == 365 && length(output.tags) == 0
    error_message = "null must give the default."
  }
}

run "a_gateway_on_this_machine_may_do_without_tls" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    apigw_url = "http://127.0.0.1:8080"
  }

  assert {
    condition     = output.apigw_url == "http://127.0.0.1:8080"
    error_message = "Loopback is not the network."
  }
}

run "another_subscription_than_that_of_the_state_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    subscription_id = "99999999-9999-9999-9999-999999999999"
  }

  expect_failures = [var.subscription_id]
}

run "a_subscription_id_that_is_no_guid_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    subscription_id = "production"
    installed_in    = "production"
  }

  expect_failures = [var.subscription_id]
}

run "an_empty_token_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    subscription_token = ""
  }

  expect_failures = [var.subscription_token]
}

run "a_token_with_a_blank_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    subscription_token = "Bearer a-token-of-the-test"
  }

  expect_failures = [var.subscription_token]
}

run "a_gateway_without_tls_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    apigw_url = "http://gateway.example.com"
  }

  expect_failures = [var.apigw_url]
}

run "a_gateway_with_a_password_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    apigw_url = "https://user:password@gateway.example.com"
  }

  expect_failures = [var.apigw_url]
}

run "a_gateway_with_a_query_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    apigw_url = "https://gateway.example.com/?token=1"
  }

  expect_failures = [var.apigw_url]
}

run "a_gateway_that_is_a_name_alone_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    apigw_url = "gateway.example.com"
  }

  expect_failures = [var.apigw_url]
}

run "an_empty_region_set_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {}
  }

  expect_failures = [var.region_set]
}

run "a_misspelt_key_of_an_entry_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net"
        flow_log_tags                       = "x"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "an_entry_without_a_location_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "an_entry_without_an_account_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location = "eastus"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "an_entry_with_both_ways_to_its_account_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net"
        flow_logs_storage_account_id        = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "a_connection_string_without_a_key_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "AccountName=flowlogs;EndpointSuffix=core.windows.net"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "a_connection_string_without_tls_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "DefaultEndpointsProtocol=http;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "a_connection_string_in_quotes_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "\"DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net\""
      }
    }
  }

  expect_failures = [var.region_set]
}

run "a_connection_string_with_a_line_break_at_its_end_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net\n"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "a_connection_string_of_two_accounts_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net;BlobEndpoint=https://morelogs.blob.core.windows.net"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "the_placeholder_of_the_form_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=...;AccountKey=...;EndpointSuffix=core.windows.net"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "an_unknown_cloud_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                            = "eastus"
        flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.example.com"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "a_connection_string_of_another_cloud_than_the_suffix_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    endpoint_suffix = "core.chinacloudapi.cn"
  }

  expect_failures = [var.region_set]
}

run "connection_strings_of_two_clouds_are_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = { location = "eastus", flow_logs_storage_connection_string = "AccountName=flowlogs;AccountKey=a2V5a2V5" }
      location2 = { location = "eastus", flow_logs_storage_connection_string = "AccountName=morelogs;AccountKey=a2V5a2V5;EndpointSuffix=core.chinacloudapi.cn" }
    }
  }

  expect_failures = [var.region_set]
}

run "an_id_of_something_else_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                     = "eastus"
        flow_logs_storage_account_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/queues/flowlogs"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "one_account_in_two_entries_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = { location = "eastus", flow_logs_storage_connection_string = "DefaultEndpointsProtocol=https;AccountName=flowlogs;AccountKey=a2V5a2V5;EndpointSuffix=core.windows.net" }
      location2 = { location = "eastus", flow_logs_storage_account_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs" }
    }
  }

  expect_failures = [var.region_set]
}

run "an_id_with_capitals_in_the_accounts_name_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      location1 = {
        location                     = "eastus"
        flow_logs_storage_account_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/FlowLogs"
      }
    }
  }

  expect_failures = [var.region_set]
}

run "a_key_that_cannot_be_part_of_a_name_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    region_set = {
      East_US = { location = "eastus", flow_logs_storage_account_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs" }
    }
  }

  expect_failures = [var.region_set]
}

run "an_action_group_beside_an_e_mail_address_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    alert_email           = "network-team@example.com"
    alert_action_group_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/group/providers/Microsoft.Insights/actionGroups/operators"
  }

  expect_failures = [var.alert_action_group_id]
}

run "an_action_group_by_name_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    alert_action_group_id = "operators"
  }

  expect_failures = [var.alert_action_group_id]
}

run "an_e_mail_address_without_an_at_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    alert_email = "network-team"
  }

  expect_failures = [var.alert_email]
}

run "a_credential_for_ever_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    credential_lifetime_in_days = 10000
  }

  expect_failures = [var.credential_lifetime_in_days]
}

run "an_unknown_suffix_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    endpoint_suffix = "example.com"
    region_set = {
      location1 = {
        location                     = "eastus"
        flow_logs_storage_account_id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
      }
    }
  }

  expect_failures = [var.endpoint_suffix]
}

run "a_memory_that_is_not_offered_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    instance_memory_in_mb = 1024
  }

  expect_failures = [var.instance_memory_in_mb]
}

run "a_start_that_is_no_hour_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    start_from = "yesterday"
  }

  expect_failures = [var.start_from]
}

run "a_start_on_a_day_that_no_calendar_has_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    start_from = "2026-02-30"
  }

  expect_failures = [var.start_from]
}

run "a_deployments_name_with_a_slash_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    deployment_name = "azure/production"
  }

  expect_failures = [var.deployment_name]
}

run "a_deployments_name_is_a_tag_too_and_takes_the_place_of_one" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    deployment_name = "azure-production"
    tags            = { for number in range(13) : "tag${number}" => "" }
  }

  expect_failures = [var.tags]
}

run "a_tag_of_that_name_is_refused_where_the_deployment_has_one" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    deployment_name = "azure-production"
    tags            = { Deployment = "mine" }
  }

  expect_failures = [var.tags]
}

run "without_a_name_the_tag_is_the_customers" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    tags = { deployment = "mine" }
  }

  assert {
    condition     = output.tags.deployment == "mine"
    error_message = "An earlier release took this tag."
  }
}

run "a_version_that_is_no_whole_number_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    subscription_token_version = 1.5
  }

  expect_failures = [var.subscription_token_version]
}

run "a_tag_that_azure_refuses_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    tags = { "a/b" = "c" }
  }

  expect_failures = [var.tags]
}

run "more_tags_than_a_secret_can_carry_are_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    tags = { for number in range(14) : "tag${number}" => "" }
  }

  expect_failures = [var.tags]
}

run "a_tag_that_is_ours_is_refused_in_any_case" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    tags = { Application = "theirs" }
  }

  expect_failures = [var.tags]
}

run "a_python_in_quotes_is_refused" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    python = "\"C:/Program Files/Python313/python.exe\""
  }

  expect_failures = [var.python]
}

run "a_python_may_be_a_path_with_blanks" {
  command = plan

  module {
    source = "./modules/sluice/modules/settings"
  }

  variables {
    python = "C:/Program Files/Python313/python.exe"
  }

  assert {
    condition     = output.python == "C:/Program Files/Python313/python.exe"
    error_message = "A path is given to the system as it is, through no shell."
  }
}
