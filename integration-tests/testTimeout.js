// Tests that start real processes wait for them: five minutes a test unless it says otherwise, in milliseconds.
jest.setTimeout(300_000);
