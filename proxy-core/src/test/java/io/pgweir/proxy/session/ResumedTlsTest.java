package io.pgweir.proxy.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pgweir.proxy.settings.TlsProviderChoice;
import io.pgweir.proxy.testkit.RealPostgres;
import io.pgweir.proxy.testkit.RunningProxy;
import io.pgweir.proxy.testkit.TestCertificates;
import io.pgweir.proxy.testkit.TestCertificates.Issued;
import io.pgweir.proxy.testkit.TestRole;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** In a resumed TLS session nobody's certificate is verified again: it must have been with the files that are in use. */
class ResumedTlsTest {
    private static final RealPostgres POSTGRES = RealPostgres.get();
    private static final TestRole ROLE = TestRole.SCRAM;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({"AUTO, TLSv1.2", "AUTO, TLSv1.3", "JDK, TLSv1.2", "JDK, TLSv1.3"})
    void whoIsNotTrustedAnyMoreDoesNotComeInByAnEarlierSession(TlsProviderChoice provider, String version)
            throws Exception {
        TestCertificates trusted = TestCertificates.in(Files.createDirectory(directory.resolve("trusted")));
        TestCertificates others = TestCertificates.in(Files.createDirectory(directory.resolve("others")));
        Issued server = trusted.server();
        Issued own = trusted.client(ROLE.user());
        Path roots = directory.resolve("roots.crt");
        TestCertificates.replace(roots, trusted.roots());
        String[] settings = {
            "tls_provider", provider.name(),
            "tls_cert", server.certificate().toString(),
            "tls_key", server.key().toString(),
            "tls_ca", roots.toString(),
            "tls", "verify-full",
            "client_auth", "cert",
            "sslmode", "disable"
        };
        try (RunningProxy proxy = RunningProxy.at(
                "postgresql://" + ROLE.user() + ":" + ROLE.password() + "@" + POSTGRES.host() + ":" + POSTGRES.port()
                        + "/postgres",
                settings)) {
            SSLContext client = trusted.context(own, version);
            long begun = login(proxy, client);
            await().until(() -> System.currentTimeMillis() > begun); // two sessions do not begin at one time
            assertThat(login(proxy, client)).as("resumed").isEqualTo(begun);
            TestCertificates.replace(roots, others.roots());
            await().atMost(Duration.ofSeconds(10)).until(() -> !comesIn(proxy, trusted.context(own, version)));
            assertThatThrownBy(() -> login(proxy, client)).isInstanceOf(IOException.class);
        }
    }

    private static boolean comesIn(RunningProxy proxy, SSLContext client) {
        try {
            login(proxy, client);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /** When the TLS session began that the client has come in by. */
    private static long login(RunningProxy proxy, SSLContext tls) throws IOException {
        try (WireClient client = WireClient.connectTls(proxy.host(), proxy.port(), tls)
                .logIn("postgres", ROLE.user(), ROLE.password())) {
            assertThat(client.value("SELECT 1")).isEqualTo("1");
            return ((SSLSocket) client.socket()).getSession().getCreationTime();
        }
    }
}
