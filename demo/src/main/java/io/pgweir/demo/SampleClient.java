package io.pgweir.demo;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * One user of the course platform on one connection: the same requests that a web application makes, each answer checked
 * for being this user's own. Used by one thread; not used again after an exception.
 */
final class SampleClient {

    private final Connection connection;
    private final int userId;
    private final Random random;
    private final Statistics statistics;
    private long version;

    SampleClient(Connection connection, int userId, Random random, Statistics statistics) {
        this.connection = connection;
        this.userId = userId;
        this.random = random;
        this.statistics = statistics;
    }

    /** One request, drawn at random. @throws SQLException also when an answer is not this user's own */
    void request() throws SQLException {
        session();
        switch (random.nextInt(4)) {
            case 0 -> courses();
            case 1 -> analytics();
            case 2 -> saveTermConfigs();
            default -> {}
        }
    }

    /** What a JWT callback asks on every request. */
    private void session() throws SQLException {
        List<List<Object>> rows = query("SELECT id, email, name, role FROM users WHERE id = ?", userId);
        check(rows.size() == 1
                && rows.get(0).get(0).equals(userId)
                && rows.get(0).get(1).equals("user" + userId + "@example.org"));
    }

    /** My courses with their teachers and lessons, as an ORM fetches nested includes: one statement per level. */
    private void courses() throws SQLException {
        List<Integer> courses = new ArrayList<>();
        for (List<Object> row : query("SELECT user_id, course_id FROM enrollments WHERE user_id = ?", userId)) {
            check(row.get(0).equals(userId));
            courses.add((Integer) row.get(1));
        }
        check(!courses.isEmpty());
        String in = " IN (" + String.join(", ", Collections.nCopies(courses.size(), "?")) + ")";
        Object[] ids = courses.toArray();
        check(query(
                                "SELECT c.id, c.title, u.name FROM courses c JOIN users u ON u.id = c.teacher_id WHERE c.id"
                                        + in,
                                ids)
                        .size()
                == courses.size());
        List<List<Object>> lessons = query("SELECT course_id, id, title FROM lessons WHERE course_id" + in, ids);
        check(lessons.size() == courses.size() * SampleData.LESSONS_PER_COURSE);
        for (List<Object> lesson : lessons) {
            check(courses.contains(lesson.get(0)));
        }
    }

    /** A dashboard's aggregates for one course. */
    private void analytics() throws SQLException {
        int course = 1 + random.nextInt(SampleData.COURSES);
        check(query("SELECT course_id, count(*), avg(progress) FROM enrollments WHERE course_id = ? GROUP BY 1", course)
                .get(0)
                .get(0)
                .equals(course));
        query("SELECT progress / 25, count(*) FROM enrollments WHERE course_id = ? GROUP BY 1 ORDER BY 1", course);
        check(query("SELECT count(*) FROM lessons WHERE course_id = ?", course)
                .get(0)
                .get(0)
                .equals((long) SampleData.LESSONS_PER_COURSE));
    }

    /** All terms of this user in one transaction, and what it wrote must be what it reads. */
    private void saveTermConfigs() throws SQLException {
        version++;
        connection.setAutoCommit(false);
        for (int term = 1; term <= SampleData.TERMS; term++) {
            update(
                    "INSERT INTO term_configs VALUES (?, ?, ?)"
                            + " ON CONFLICT (user_id, term) DO UPDATE SET version = excluded.version",
                    userId,
                    term,
                    version);
        }
        List<Object> row = query(
                        "SELECT count(*), min(version), max(version) FROM term_configs WHERE user_id = ?", userId)
                .get(0);
        connection.commit();
        connection.setAutoCommit(true);
        check(row.equals(List.of((long) SampleData.TERMS, version, version)));
    }

    private List<List<Object>> query(String sql, Object... parameters) throws SQLException {
        long start = System.nanoTime();
        try (PreparedStatement statement = prepare(sql, parameters);
                ResultSet result = statement.executeQuery()) {
            int columns = result.getMetaData().getColumnCount();
            List<List<Object>> rows = new ArrayList<>();
            while (result.next()) {
                List<Object> row = new ArrayList<>(columns);
                for (int i = 1; i <= columns; i++) {
                    row.add(result.getObject(i));
                }
                rows.add(row);
            }
            statistics.finished(System.nanoTime() - start);
            return rows;
        }
    }

    private void update(String sql, Object... parameters) throws SQLException {
        long start = System.nanoTime();
        try (PreparedStatement statement = prepare(sql, parameters)) {
            statement.executeUpdate();
        }
        statistics.finished(System.nanoTime() - start);
    }

    private PreparedStatement prepare(String sql, Object... parameters) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < parameters.length; i++) {
            statement.setObject(i + 1, parameters[i]);
        }
        return statement;
    }

    private void check(boolean own) throws SQLException {
        if (!own) {
            throw new SQLException("the answer is not this client's own", "XX001");
        }
    }
}
