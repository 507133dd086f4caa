"""The README of a deployment's scripts: the steps of docs/configure-azure-flow-logs.md from the download on, filled
in.
"""

from typing import Final

from gateway.stores.deployments import Deployment

_README: Final = """\
# {name}: deliver flow logs to {url}

This folder contains everything that delivers the flow logs of these storage accounts from the Azure subscription
{subscription}:

{accounts}

It contains their connection strings: protect it as you would protect them. Each step is explained under Help in the
console, in *Configure Azure flow logs*: {url}/help/configure-azure-flow-logs

1. Open Azure Cloud Shell with Bash, at https://shell.azure.com. Choose *Mount storage account* when it asks: what
   Terraform remembers must outlive the session. Upload {name}.zip with *Manage files* > *Upload*, and unzip it:

       unzip {name}.zip
       cd {name}

2. Cloud Shell is signed in to Azure. Elsewhere, and if a later step says that you are not:

       az login

3. In the console, create a subscription token of kind ingest: {url}/setup/tokens
   Put it between the quotes of `subscription_token` in `terraform.tfvars.json`; everything else is filled in:

       nano terraform.tfvars.json

4. Check what is missing. This changes nothing:

       python3 modules/sluice/setup preflight {subscription}

5. Fetch what Terraform needs:

       terraform init

6. Deploy. Terraform asks for `var.subscription_id`, which is {subscription}; it shows what it will create, and you
   confirm with `yes`. It takes about ten minutes:

       terraform apply

7. See the records. Terraform's last lines name the page that shows how far the set-up has come, how long the token is
   valid, and within how many minutes the first records appear:

   {url}/setup/flow-logs/{name}

To remove everything again, in this folder, with the same subscription id:

    terraform destroy
"""


def readme(deployment: Deployment, url: str) -> str:
    """Return the README, in Markdown.

    Args:
        deployment: The configuration.
        url: The gateway's address.
    """
    accounts = "\n".join(f"* {account.name} in {account.region}" for account in deployment.accounts)
    return _README.format(name=deployment.name, url=url, subscription=deployment.subscription_id, accounts=accounts)
