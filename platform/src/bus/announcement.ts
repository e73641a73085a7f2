import type { Topic } from './messageBus';

/** What one controller counts of a namespace. */
export interface NamespaceCounts {
  /** Invocations and trigger fires in the clock minute of the announcement, refused ones included. */
  invocations: number;
  fires: number;
  /** Activations under way. */
  active: number;
}

/** Controller to every controller, twice a second: I am here, and this is what I count. */
export interface Announcement {
  controller: string;
  /** Different after each start. */
  life: string;
  /** epoch ms */
  sent: number;
  /** The controller stops. */
  leaving: boolean;
  /** It leaves orchestrations that another controller is to carry on. */
  unfinished?: boolean;
  /** Clock minute (epoch ms / 60000) that the counts belong to. */
  minute: number;
  /** By uuid of the namespace; those with nothing are left out. */
  counts: Record<string, NamespaceCounts>;
  /** By controller: all its invalidations up to this number have been carried out. */
  carriedOut: Record<string, number>;
}

export const announcementTopic: Topic<Announcement> = {
  name: 'controllers',
  encode: (announcement) => JSON.stringify(announcement),
  decode: (text) => JSON.parse(text) as Announcement,
};
