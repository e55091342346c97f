#!/bin/sh
# Measures mounted exports of Weir and its peers side by side, and writes report.md. See --help and README.md.
set -eu

root=$(dirname "$(dirname "$(readlink -f "$0")")")
jar=$root/benchmarks/target/benchmarks.jar

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
if ! command -v "$java" >/dev/null 2>&1; then
    echo "run.sh: a JDK, 17 or newer, is needed: apt-get install openjdk-17-jdk-headless maven" >&2
    exit 1
fi
if [ ! -f "$jar" ]; then
    if ! command -v mvn >/dev/null 2>&1; then
        echo "run.sh: Maven is needed to build $jar: apt-get install maven" >&2
        exit 1
    fi
    echo "run.sh: building, once ..." >&2
    mvn -q -B -ntp -f "$root/pom.xml" -DskipTests -DskipQuality -pl benchmarks -am package >&2
fi
terminal=false
[ -t 2 ] && terminal=true
exec "$java" -Djava.awt.headless=true -Dweir.terminal=$terminal -Dweir.launcher="$root/bin/weir" \
    -Dweir.benchmarks="$root/benchmarks" -cp "$jar" dev.weir.benchmarks.endtoend.Comparison "$@"
