package io.pgweir.proxy.hba;

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

    boolean admits(boolean encrypted, String database, String user, byte[] client) {
        return connection.admits(encrypted)
                && databases.admit(database, user)
                && users.admit(user, user)
                && address.admits(client);
    }

    /** Whether it decides by a certificate of the client's. */
    public boolean asksForCertificate() {
        return method == HbaMethod.CERT || certificate != ClientCertificate.NONE;
    }
}
