// Tests that start real processes wait for them: ten minutes a test unless it says otherwise, in milliseconds.
jest.setTimeout(600_000);
