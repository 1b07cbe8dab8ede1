package io.pgweir.demo;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** The tables of a small course platform, filled by the server itself. */
final class SampleData {

    static final int USERS = 500;
    static final int COURSES = 60;
    static final int LESSONS_PER_COURSE = 8;
    static final int TERMS = 6;

    private SampleData() {}

    static void create(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("""
                    CREATE TABLE users (
                      id int PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, role text NOT NULL);
                    CREATE TABLE courses (
                      id int PRIMARY KEY, teacher_id int NOT NULL REFERENCES users, title text NOT NULL);
                    CREATE TABLE lessons (
                      id int PRIMARY KEY, course_id int NOT NULL REFERENCES courses, title text NOT NULL);
                    CREATE TABLE enrollments (
                      user_id int NOT NULL REFERENCES users, course_id int NOT NULL REFERENCES courses,
                      progress int NOT NULL, PRIMARY KEY (user_id, course_id));
                    CREATE TABLE term_configs (
                      user_id int NOT NULL REFERENCES users, term int NOT NULL, version bigint NOT NULL,
                      PRIMARY KEY (user_id, term));
                    CREATE INDEX ON lessons (course_id);
                    CREATE INDEX ON enrollments (course_id)""");
            statement.execute("INSERT INTO users SELECT i, 'user' || i || '@example.org', 'User ' || i,"
                    + " CASE WHEN i % 25 = 0 THEN 'teacher' ELSE 'student' END FROM generate_series(1, " + USERS
                    + ") i");
            statement.execute("INSERT INTO courses SELECT i, 25 * (1 + i % 20), 'Course ' || i"
                    + " FROM generate_series(1, " + COURSES + ") i");
            statement.execute("INSERT INTO lessons SELECT (c - 1) * " + LESSONS_PER_COURSE + " + l, c, 'Lesson ' || l"
                    + " FROM generate_series(1, " + COURSES + ") c, generate_series(1, " + LESSONS_PER_COURSE + ") l");
            statement.execute("INSERT INTO enrollments SELECT u, 1 + (u * 7 + k * 13) % " + COURSES + ", (u + k) % 101"
                    + " FROM generate_series(1, " + USERS + ") u, generate_series(0, 3) k");
            statement.execute("ANALYZE");
        }
    }
}
