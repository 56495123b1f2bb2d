#!/bin/sh
# People of a file with lines NAME:HASH:UID, whose hashes `openssl passwd -6` has printed.
export PATH=/usr/bin:/bin OPENSSL_CONF=/dev/null
say() { printf '%s\n' "$1"; }
# Sets `value` to the text of a member, cut at its first quote. In JSON, a quote within a text has
# a backslash before it: a name that was cut ends in a backslash, and no name in the file does.
member() { value=${line#*"\"$1\":\""} && value=${value%%'"'*}; }

read -r line || exit
member file; file=$value
command exec 3< "$file" || { say '{"verdict":"unavailable","detail":"cannot open settings.file: does read name it?"}'; exit; }
say '{"hello":1,"can":["authenticate","lookup","account"]}'

read -r line || exit
question=${line#'{"'} question=${question%%'"'*}
member user; user=$value
while IFS=: read -r name hash uid && [ "$name" != "$user" ]; do :; done <&3
[ "$name" = "$user" ] || { say '{"verdict":"unknown"}'; exit; }
person="\"user\":{\"name\":\"$name\",\"uid\":$uid}"
case $question in
    lookup) say "{\"verdict\":\"found\",$person}" ;;
    account) say "{\"verdict\":\"account\",\"status\":\"valid\",$person}" ;;
    authenticate)
        member password; salt=${hash#'$6$'}
        typed() { printf %s "$value" | base64 -d; }
        if [ "$hash" ] && [ "$(typed | tr -dc '\n' | wc -c)" = 0 ] &&
            [ "$(typed | openssl passwd -6 -salt "${salt%%'$'*}" -stdin)" = "$hash" ]
        then say "{\"verdict\":\"accepted\",\"status\":\"valid\",$person}"
        else say '{"verdict":"denied","reason":"bad_credential"}'
        fi ;;
esac
