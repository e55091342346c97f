package dev.weir.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the daemon's command line answers, in QEMU's words, before it serves anything. */
class DaemonErrorsTest {
    private static final List<String> NODE = List.of("--blockdev", "driver=null-co,node-name=n,size=1048576");

    @TempDir
    Path directory;

    private static CommandRun daemon(List<String> words) {
        var all = new ArrayList<>(List.of("daemon"));
        all.addAll(words);
        return CommandRun.weir(all.toArray(String[]::new));
    }

    private static void assertFails(CommandRun run, String message) {
        assertThat(run.err()).isEqualTo("weir daemon: " + message + "\n");
        assertThat(run.out()).isEmpty();
        assertThat(run.status()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    --bogus      | unrecognized option '--bogus'
                    -z           | unrecognized option '-z'
                    foo          | foo: Unexpected argument
                    --blockdev   | option '--blockdev' requires an argument
                    --export     | option '--export' requires an argument
                    --pidfile    | option '--pidfile' requires an argument
                    """)
    void wrongUsage(String word, String message) {
        assertFails(daemon(List.of(word)), message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    --blockdev | driver=null-co | 'node-name' must be specified for the root node
                    --blockdev | driver=bogus,node-name=x | Parameter 'driver' does not accept value 'bogus'
                    --blockdev | foo | Parameter 'driver' does not accept value 'foo'
                    --blockdev | {"driver":"null-co" | 1:20: JSON parse error, premature end of input
                    --blockdev | `` | Parameter 'driver' is missing
                    --blockdev | driver=null-co,node-name=1bad | Invalid node-name: '1bad'
                    --blockdev | driver=null-co,node-name=n,,x=1 | Invalid node-name: 'n,x=1'
                    --blockdev | driver=file,filename=/nope,node-name=x | Could not open '/nope': No such file or directory
                    --blockdev | driver=raw,node-name=n,file.driver=null-co,file.bogus=1 | Parameter 'file.bogus' is unexpected
                    --blockdev | driver=null-co,node-name=n,read-only=maybe | Parameter 'read-only' expects 'on' or 'off'
                    --export   | fuse | Parameter 'id' is missing
                    --export   | type=bogus,id=e | Parameter 'type' does not accept value 'bogus'
                    --export   | type=fuse,id=e | Parameter 'node-name' is missing
                    --export   | type=fuse,id=e,node-name=n | Parameter 'mountpoint' is missing
                    --export   | type=fuse,id=e,node-name=n,mountpoint=/nope/m,writable=1 | Parameter 'writable' expects 'on' or 'off'
                    --export   | type=fuse,id=e,node-name=n,mountpoint=/nope/m,foo=1 | Parameter 'foo' is unexpected
                    --export   | type=fuse,id=1e,node-name=n,mountpoint=/nope/m | Invalid block export id
                    --export   | type=fuse,id=e,node-name=zz,mountpoint=/nope/m | Cannot find device='' nor node-name='zz'
                    --export   | type=fuse,id=e,node-name=n,mountpoint=/ | '/' is not a regular file
                    --export   | type=fuse,id=e,node-name=n,mountpoint=/nope/m,iothread=x | iothread "x" not found
                    --export   | type=fuse,id=e,node-name=n,mountpoint=/nope/m,iothread.0=y,iothread.1=x | iothread "y" not found
                    --export   | {"type":"fuse","id":"e","node-name":"n","mountpoint":"m","writable":"on"} | Invalid parameter type for 'writable', expected: boolean
                    --object   | iothread | Parameter 'id' is missing
                    --object   | bogus,id=t | Parameter 'qom-type' does not accept value 'bogus'
                    --object   | throttle-group,id=g,limits.iops-total=x | Parameter 'limits.iops-total' expects integer
                    --object   | iothread,id=t,poll-max-ns=-1 | poll-max-ns value must be in range [0, 9223372036854775807]
                    --object   | secret,id=s | Either 'file' or 'data' must be provided
                    --chardev  | socket,id=c,path=/nope/x,server=on,wait=off | Failed to bind socket to /nope/x: No such file or directory
                    --chardev  | bogus,id=c | 'bogus' is not a valid char driver name
                    --chardev  | socket,path=/nope/x | chardev: no id specified
                    --chardev  | socket,id=c,path=/nope/x,server=on,wait=off,bogus=1 | Invalid parameter 'bogus'
                    --monitor  | zz | chardev "zz" not found
                    --monitor  | chardev=x | chardev "x" not found
                    --monitor  | c,mode=readline | Only QMP is supported
                    """)
    void anOptionThatCannotBeCarriedOut(String option, String text, String message) {
        var words = new ArrayList<>(NODE);
        words.set(1, words.get(1).replace("=n,", option.equals("--blockdev") ? "=other," : "=n,"));
        words.addAll(List.of(option, text));
        assertFails(daemon(words), option + " " + text + ": " + message);
    }

    @Test
    void optionsAreCarriedOutFromLeftToRight() {
        String export = "type=fuse,id=e,node-name=n,mountpoint=" + directory;
        assertFails(
                daemon(List.of("--export", export, NODE.get(0), NODE.get(1))),
                "--export " + export + ": Cannot find device='' nor node-name='n'");
        assertFails(
                daemon(List.of("--blockdev", "driver=bogus,node-name=a", "--bogus")), "unrecognized option '--bogus'");
    }

    @Test
    void achardevHasOneMonitor() {
        assertFails(
                daemon(List.of("--chardev", "null,id=c", "--monitor", "c", "--monitor", "c")),
                "--monitor c: Device 'c' is in use");
        assertFails(
                daemon(List.of("--chardev", "null,id=c", "--chardev", "null,id=c")),
                "--chardev null,id=c: Chardev with id 'c' already exists");
    }

    @Test
    void help() {
        assertThat(daemon(List.of("--object", "help")))
                .isEqualTo(new CommandRun(
                        0, "List of user creatable objects:\n  iothread\n  secret\n  throttle-group\n", ""));
        assertThat(daemon(List.of("--object", "iothread,help")))
                .isEqualTo(new CommandRun(
                        0,
                        "iothread options:\n  aio-max-batch=<int>\n  poll-grow=<int>\n  poll-max-ns=<int>\n"
                                + "  poll-shrink=<int>\n  poll-weight=<int>\n  thread-pool-max=<int>\n"
                                + "  thread-pool-min=<int>\n",
                        ""));
        assertThat(daemon(List.of("--object", "qom-type=secret,?")).out()).contains("  format=<raw|base64>\n");
        assertThat(daemon(List.of("--chardev", "help")))
                .isEqualTo(new CommandRun(0, "Available chardev backend types: \n  null\n  socket\n  stdio\n", ""));
        assertThat(daemon(List.of("--blockdev", "bogus", "--object", "help")).status())
                .isZero();
        assertThat(daemon(List.of("--help")).out()).startsWith("Usage: weir daemon [OPTION]...\n");
    }

    @Test
    void theVersion() {
        assertThat(daemon(List.of("--version")).out()).matches("weir .+\n");
        System.setProperty("weir.program", "qemu-storage-daemon");
        try {
            assertThat(daemon(List.of("-V")).out())
                    .matches("qemu-storage-daemon version [0-9]+\\.[0-9]+\\.[0-9]+ \\(weir .+\\)\n");
        } finally {
            System.clearProperty("weir.program");
        }
    }
}
