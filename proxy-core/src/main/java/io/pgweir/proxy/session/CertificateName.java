package io.pgweir.proxy.session;

import java.security.cert.X509Certificate;
import java.util.List;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/** Who a client's certificate is for, as PostgreSQL's method {@code cert} has it: the first common name of its subject. */
final class CertificateName {
    private CertificateName() {}

    /** Null if there is none, or none that is a text. */
    static @Nullable String of(X509Certificate certificate) {
        try {
            List<Rdn> names = new LdapName(certificate.getSubjectX500Principal().getName()).getRdns();
            for (Rdn name : names) {
                Attribute common = name.toAttributes().get("CN");
                if (common != null) {
                    return common.get() instanceof String text && text.indexOf('\0') < 0 ? text : null;
                }
            }
            return null;
        } catch (NamingException e) {
            return null;
        }
    }
}
