# The host: WHISK_APIHOST and WHISK_AUTH, ~/.wskprops, or `pulumi config set openwhisk:apiHost ...`.
from entities import hello

hello()
