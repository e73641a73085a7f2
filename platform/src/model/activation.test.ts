import { isStepActivationId, newActivationId, stepActivationId } from './activation';

test('the id of a step follows from the whole, its place and its name', () => {
  const root = newActivationId();
  const id = stepActivationId(root, 1, 'ns/a');
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(stepActivationId(root, 1, 'ns/a')).toBe(id);
  const others = [stepActivationId(root, 2, 'ns/a'), stepActivationId(root, 1, 'ns/b'), stepActivationId(newActivationId(), 1, 'ns/a')];
  expect(new Set([id, ...others]).size).toBe(4);
  // a store guesses by the time where to look
  expect(id.slice(0, 12)).toBe(root.slice(0, 12));
});

test('the id of a step is told from a new one', () => {
  for (let i = 0; i < 100; i++) {
    const root = newActivationId();
    expect(isStepActivationId(root)).toBe(false);
    expect(isStepActivationId(stepActivationId(root, i, 'x'))).toBe(true);
    expect(isStepActivationId(stepActivationId(stepActivationId(root, i, 'x'), 0, 'y'))).toBe(true);
  }
});
