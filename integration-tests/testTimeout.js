// Tests that start real processes wait for them: two minutes a test unless it says otherwise, in milliseconds.
jest.setTimeout(120_000);
