package io.pgweir.protocol.auth;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Md5PasswordTest {
    @Test
    void theHashIsThatOfTheManual() {
        // printf secretalice, md5sum; that text and the four bytes, md5sum
        assertThat(Md5Password.hash("alice", "secret", new byte[] {1, 2, 3, 4}))
                .isEqualTo("md598a0412b9c31436fc53776e863350083");
    }

    @Test
    void userPasswordAndSaltAllCount() {
        byte[] salt = {1, 2, 3, 4};
        String hash = Md5Password.hash("ä", "ß", salt);
        assertThat(hash).matches("md5[0-9a-f]{32}");
        assertThat(Md5Password.hash("a", "ß", salt)).isNotEqualTo(hash);
        assertThat(Md5Password.hash("ä", "s", salt)).isNotEqualTo(hash);
        assertThat(Md5Password.hash("ä", "ß", new byte[] {1, 2, 3, 5})).isNotEqualTo(hash);
    }
}
