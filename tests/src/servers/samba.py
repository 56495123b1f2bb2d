"""Puts people, groups and policies into a new domain. The argument: the folder of the domain.

Samba's own modules refuse some states that a domain can come into all the same, by time passing or
by another domain controller; those are written past them.
"""

import glob
import sys
import time

import ldb
from samba import dsdb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB
from samba.sd_utils import SDUtils

FOLDER = sys.argv[1]
DOMAIN = "ad.example.test"
PASSWORD = "Us3r-Passw0rd!"
DAY = 86400

parameters = LoadParm()
parameters.load(FOLDER + "/etc/smb.conf")
sam = SamDB(url=FOLDER + "/private/sam.ldb", session_info=system_session(), lp=parameters)
base = sam.domain_dn()
raw = ldb.Ldb()
raw.connect(glob.glob(FOLDER + "/private/sam.ldb.d/DC=AD*")[0], options=["modules:"])


def filetime(seconds):
    """Tenths of microseconds since 1601, as domains count."""
    return str((int(seconds) + 11644473600) * 10**7)


def dn(name):
    found = sam.search(base, ldb.SCOPE_SUBTREE, "(sAMAccountName=%s)" % ldb.binary_encode(name), attrs=[])
    return str(found[0].dn)


def change(database, name, flag=ldb.FLAG_MOD_REPLACE, **attributes):
    message = ldb.Message(ldb.Dn(database, dn(name)))
    for key, value in attributes.items():
        message[key] = ldb.MessageElement(value, flag, key)
    database.modify(message)


def policy(name, precedence, people, **more):
    settings = {
        "dn": "CN=%s,CN=Password Settings Container,CN=System,%s" % (name, base),
        "objectClass": "msDS-PasswordSettings",
        "cn": name,
        "msDS-PasswordSettingsPrecedence": str(precedence),
        "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
        "msDS-PasswordHistoryLength": "3",
        "msDS-PasswordComplexityEnabled": "TRUE",
        "msDS-MinimumPasswordLength": "7",
        "msDS-MinimumPasswordAge": "0",
        "msDS-MaximumPasswordAge": str(-42 * DAY * 10**7),
        "msDS-LockoutThreshold": "0",
        "msDS-LockoutObservationWindow": str(-1800 * 10**7),
        "msDS-LockoutDuration": str(-1800 * 10**7),
        "msDS-PSOAppliesTo": [dn(person) for person in people],
    }
    settings.update({key.replace("_", "-"): value for key, value in more.items()})
    sam.add(settings)


def members(groups):
    for group, names in groups.items():
        sam.add_remove_group_members(
            group, names, member_types=["user", "group"], add_members_operation=True
        )


sam.newuser("svc", "Svc-Passw0rd!")
sam.newuser(
    "alice",
    PASSWORD,
    givenname="Alice",
    surname="Example",
    uidnumber="10001",
    gidnumber="10000",
    loginshell="/bin/bash",
    unixhome="/home/alice",
    uid="alice",
    nisdomain="ad",
    gecos="Alice",
)
for name in (
    "bob carol guessed disabled ended mustchange expired locked hours workstation desk smartcard "
    "warned nora stale-svc victim mallory named twin1 twin2 p(ar)en j\u00fcrgen "
    "changer forced lapsed picky young veiled kept"
).split():
    sam.newuser(name, "Vict1m-Passw0rd!" if name == "victim" else PASSWORD)

NORMAL = 0x200
change(sam, "disabled", userAccountControl=str(NORMAL | 0x2))
change(sam, "smartcard", userAccountControl=str(NORMAL | 0x40000))
change(sam, "ended", accountExpires=filetime(time.time() - DAY))
change(sam, "mustchange", pwdLastSet="0")
change(sam, "forced", pwdLastSet="0")
change(sam, "hours", logonHours=bytes(21))
change(sam, "workstation", userWorkstations="OTHERPC")
change(sam, "desk", userWorkstations="OTHERPC")

for group in "inner", "middle", "outer", "loopa", "loopb", "elsewhere", "st(aff)":
    sam.newgroup(group)
sam.newgroup("numbered", gidnumber="20000", nisdomain="ad")
sam.newgroup("only here", grouptype=dsdb.GTYPE_SECURITY_DOMAIN_LOCAL_GROUP)
sam.newgroup("everywhere", grouptype=dsdb.GTYPE_SECURITY_UNIVERSAL_GROUP)
members(
    {
        "inner": ["alice"],
        "middle": ["inner"],
        "outer": ["middle"],
        "loopa": ["loopb"],
        "loopb": ["loopa", "bob"],
        "st(aff)": ["carol"],
        "numbered": ["alice"],
        "only here": ["outer"],
        "everywhere": ["inner"],
    }
)

policy("warning", 1, ["warned"], msDS_MaximumPasswordAge=str(-5 * DAY * 10**7))
lockout = {"msDS_LockoutThreshold": "3", "msDS_LockoutDuration": str(-30 * DAY * 10**7)}
# Where there is no lockout, wrong passwords are not counted.
policy("lockout", 2, ["carol", "guessed", "locked", "nora"], **lockout)

# Without a minimum age, which is a day elsewhere.
policy("changes", 3, ["changer", "forced", "lapsed", "picky"])

long_ago = filetime(1577836800)
change(raw, "expired", pwdLastSet=long_ago)
change(raw, "stale-svc", pwdLastSet=long_ago)
change(raw, "lapsed", pwdLastSet=long_ago)
change(raw, "locked", lockoutTime=filetime(time.time()), badPwdCount="3")
# Two accounts under one name: what the name of one is made to, the other has for a principal name.
change(raw, "victim", flag=ldb.FLAG_MOD_DELETE, userPrincipalName=[])
change(raw, "mallory", userPrincipalName="victim@" + DOMAIN)

# An account whose groups the account that searches may not read (its tokenGroups, MS-ADA3 2.332).
searcher = sam.search(dn("svc"), ldb.SCOPE_BASE, attrs=["objectSid"])[0]["objectSid"][0]
searcher = sam.schema_format_value("objectSid", searcher).decode()
SDUtils(sam).dacl_add_ace(dn("veiled"), "(OD;;RP;b7c69e6d-2cc7-11d2-854e-00a0c983f608;;%s)" % searcher)
members({"inner": ["veiled"]})
