package io.pgweir.proxy.hba;

import java.util.List;

/**
 * One line of the file.
 *
 * @param where its place, {@code file:line}
 */
public record HbaRule(
        String where,
        HbaConnection connection,
        HbaNames databases,
        HbaNames users,
        HbaAddress address,
        HbaMethod method,
        ClientCertificate certificate) {

    boolean admits(boolean encrypted, List<String> names, String user, byte[] client) {
        return connection.admits(encrypted)
                && names.stream().anyMatch(name -> databases.admit(name, user))
                && users.admit(user, user)
                && address.admits(client);
    }

    /** Whether it decides by a certificate of the client's. */
    public boolean asksForCertificate() {
        return method == HbaMethod.CERT || certificate != ClientCertificate.NONE;
    }
}
