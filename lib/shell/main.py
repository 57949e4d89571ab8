from lib.ui import navigation

navigation.run()
