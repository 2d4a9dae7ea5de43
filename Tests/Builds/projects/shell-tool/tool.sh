#!/bin/sh
case ${1:-} in
  check) [ -w /var/lib/tool ];;
  version) echo "$TOOL_VERSION as $(id -un) in $(pwd)";;
  *) echo "usage: tool check|version";;
esac
