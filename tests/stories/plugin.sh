#!/bin/sh
# A plugin for stories: alice has the password `open sesame` and the code `123456`, carol has the
# password and no code, and each behaves as her name says who is called otherwise.
say() { printf '%s\n' "$1"; }
user='"user":{"name":"'
read -r _hello
say '{"hello":1,"can":["authenticate","lookup","account","confirm"]}'
read -r question
case $question in
*'"user":"alice"'*) user=$user'alice","uid":5001}' ;;
*'"user":"carol"'*) user=$user'carol","uid":5003}' ;;
*'"user":"dora"'*) say '{"verdict":"unavailable","detail":"the server does not answer"}'; exec cat ;;
*'"user":"eve"'*) say 'nonsense'; exec cat ;;
*'"user":"frank"'*) exit 3 ;;
*'"user":"gina"'*) say '{"verdict":"accepted","user":{"name":"root","uid":0}}'; exec cat ;;
*) say '{"verdict":"unknown"}'; exec cat ;;
esac
case $question in
'{"authenticate"'*'"password":"b3BlbiBzZXNhbWU="'*) say '{"verdict":"accepted",'$user'}' ;;
'{"authenticate"'*) say '{"verdict":"denied","reason":"bad_credential"}' ;;
'{"lookup"'*) say '{"verdict":"found",'$user'}' ;;
'{"account"'*) say '{"verdict":"account","status":"valid",'$user'}' ;;
'{"confirm"'*'"user":"carol"'*) say '{"verdict":"unknown"}' ;;
'{"confirm"'*'"answer":"MTIzNDU2"'*) say '{"verdict":"accepted",'$user'}' ;;
'{"confirm"'*'"answer"'*) say '{"verdict":"denied","reason":"bad_credential"}' ;;
'{"confirm"'*)
    say '{"prompt":"echo_off","text":"Word on the card: "}'
    read -r answer
    case $answer in
    '{"answer":"YmVhbg=="}') say '{"verdict":"accepted",'$user'}' ;;
    *) say '{"verdict":"denied","reason":"bad_credential","detail":"another word"}' ;;
    esac
    ;;
esac
exec cat
