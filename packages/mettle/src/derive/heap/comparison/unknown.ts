/** What two snapshots cannot tell, for the reader of their comparison. */
export function whatIsUnknown(sameProcess: boolean, idsAgree: number): readonly string[] {
  const always = [
    'Two snapshots are two points: whether the growth goes on, or is a cache that fills or a part that was loaded late, they do not tell. `mettle leak -- COMMAND` calls the server until that is known.',
    'Whose calls made it grow is not in a snapshot, nor the line that adds to a collection: lines are those where functions and classes were written.',
    'Numbers in arrays and typed arrays are no objects: their growth shows in the bytes of V8’s own, or of what holds them.',
  ];
  if (sameProcess) return always;
  return [
    `The ids of the two snapshots do not belong together (${Math.floor(idsAgree * 100)} of 100 objects with the same id are of the same class): they are of different processes, or of one whose debugger was detached in between. What is new could not be told from what was there; classes and collections are compared by how many there are, collections that read the same being taken for the same.`,
    ...always,
  ];
}
